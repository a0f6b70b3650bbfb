#pragma once

#include <optional>
#include <tuple>

#include "cpu/oks_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

template <typename T>
void run_oks_nms(const Cpu&, const PoseList<T>& poses, const T* areas, const T* sigmas,
                 double threshold, const cpu::Groups& images, int64_t N, bool* keep,
                 int64_t* suppressor) {
  for_groups(images, N, [&](int64_t begin, int64_t end) {
    cpu::oks_nms(poses, areas, sigmas, threshold, images, begin, end, keep, suppressor);
  });
}

template <typename Device>
std::tuple<Tensor, Tensor> oks_nms(Tensor keypoints, Tensor scores, Tensor areas, Tensor sigmas,
                                   std::optional<Tensor> pose_scores,
                                   std::optional<Tensor> image_index, double threshold) {
  const Device device(keypoints);
  const PoseTensors poses(device, keypoints, scores, pose_scores);
  areas = poses.checked(device, "areas", areas, {poses.N});
  sigmas = poses.checked(device, "sigmas", sigmas, {poses.K});
  const auto images = group_images(device, image_index, poses.N);
  return suppress(device, poses.N, [&](bool* keep, int64_t* suppressor) {
    dispatch_floating(areas, [&](auto zero) {
      using T = decltype(zero);
      run_oks_nms(device, poses.list<T>(), data<T>(areas), data<T>(sigmas), threshold, images,
                  poses.N, keep, suppressor);
    });
  });
}

}  // namespace rmpe::ops
