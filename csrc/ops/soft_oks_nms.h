#pragma once

#include <optional>
#include <tuple>

#include "cpu/soft_oks_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

template <typename T>
void run_soft_oks_nms(const Cpu&, const PoseList<T>& poses, const T* areas, const T* sigmas,
                      const SoftOksParameters& parameters, const cpu::Groups& images, int64_t N,
                      bool* keep, T* decayed_scores, int64_t* rank) {
  for_groups(images, N, [&](int64_t begin, int64_t end) {
    cpu::soft_oks_nms(poses, areas, sigmas, parameters, images, begin, end, keep, decayed_scores,
                      rank);
  });
}

template <typename Device>
std::tuple<Tensor, Tensor, Tensor> soft_oks_nms(Tensor keypoints, Tensor scores, Tensor areas,
                                                Tensor sigmas, std::optional<Tensor> pose_scores,
                                                std::optional<Tensor> image_index, double threshold,
                                                int64_t max_kept) {
  const SoftOksParameters parameters{threshold, max_kept};
  const Device device(keypoints);
  const PoseTensors poses(device, keypoints, scores, pose_scores);
  areas = poses.checked(device, "areas", areas, {poses.N});
  sigmas = poses.checked(device, "sigmas", sigmas, {poses.K});
  const auto images = group_images(device, image_index, poses.N);
  Tensor keep = device.empty({poses.N}, ScalarType::Bool);
  Tensor decayed_scores = device.empty({poses.N}, keypoints.scalar_type());
  Tensor rank = device.empty({poses.N}, ScalarType::Long);
  dispatch_floating(areas, [&](auto zero) {
    using T = decltype(zero);
    run_soft_oks_nms(device, poses.list<T>(), data<T>(areas), data<T>(sigmas), parameters, images,
                     poses.N, mutable_data<bool>(keep), mutable_data<T>(decayed_scores),
                     mutable_data<int64_t>(rank));
  });
  return {keep, decayed_scores, rank};
}

}  // namespace rmpe::ops
