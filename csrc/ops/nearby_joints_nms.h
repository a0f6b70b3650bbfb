#pragma once

#include <optional>
#include <tuple>

#include "cpu/nearby_joints_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

template <typename T>
void run_nearby_joints_nms(const Cpu&, const PoseList<T>& poses,
                           const NearbyJointsParameters& parameters, const cpu::Groups& images,
                           int64_t N, bool* keep, int64_t* suppressor) {
  for_groups(images, N, [&](int64_t begin, int64_t end) {
    cpu::nearby_joints_nms(poses, parameters, images, begin, end, keep, suppressor);
  });
}

template <typename Device>
std::tuple<Tensor, Tensor> nearby_joints_nms(Tensor keypoints, Tensor scores,
                                             std::optional<Tensor> pose_scores,
                                             std::optional<Tensor> image_index, double distance,
                                             int64_t max_near) {
  const NearbyJointsParameters parameters{distance, max_near};
  const Device device(keypoints);
  const PoseTensors poses(device, keypoints, scores, pose_scores);
  const auto images = group_images(device, image_index, poses.N);
  return suppress(device, poses.N, [&](bool* keep, int64_t* suppressor) {
    dispatch_floating(poses.keypoints, [&](auto zero) {
      run_nearby_joints_nms(device, poses.list<decltype(zero)>(), parameters, images, poses.N, keep,
                            suppressor);
    });
  });
}

}  // namespace rmpe::ops
