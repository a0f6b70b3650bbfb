#pragma once

#include <tuple>

#include "cpu/merge_poses.h"
#include "ops/poses.h"

namespace rmpe::ops {

template <typename T>
void run_merge_poses(const Cpu&, const PoseList<T>& poses, const T* boxes,
                     const int64_t* suppressor, int64_t N, const MergeParameters& parameters,
                     T* merged_keypoints, T* merged_scores, bool* keep) {
  const cpu::Groups groups = cpu::group_by(suppressor, N);
  for_groups(groups, N, [&](int64_t begin, int64_t end) {
    cpu::merge_poses(poses.keypoints, poses.scores, boxes, suppressor, N, poses.K, parameters,
                     groups, begin, end, merged_keypoints, merged_scores, keep);
  });
}

template <typename Device>
std::tuple<Tensor, Tensor, Tensor> merge_poses(Tensor keypoints, Tensor scores, Tensor boxes,
                                               Tensor suppressor, double merge_box,
                                               double merge_radius, double min_score,
                                               double zero_score) {
  MergeParameters parameters;
  parameters.box = merge_box;
  parameters.radius = merge_radius;
  parameters.min_score = min_score;
  parameters.zero_score = zero_score;

  const Device device(keypoints);
  const PoseTensors poses(device, keypoints, scores);
  boxes = poses.checked(device, "boxes", boxes, {poses.N, 4});
  suppressor = checked_indices(device, "suppressor", suppressor, poses.N);
  const ScalarType dtype = keypoints.scalar_type();
  Tensor merged_keypoints = device.empty({poses.N, poses.K, 2}, dtype);
  Tensor merged_scores = device.empty({poses.N, poses.K}, dtype);
  Tensor keep = device.empty({poses.N}, ScalarType::Bool);
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    run_merge_poses(device, poses.list<T>(), data<T>(boxes), data<int64_t>(suppressor), poses.N,
                    parameters, mutable_data<T>(merged_keypoints), mutable_data<T>(merged_scores),
                    mutable_data<bool>(keep));
  });
  return {merged_keypoints, merged_scores, keep};
}

}  // namespace rmpe::ops
