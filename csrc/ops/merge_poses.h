#pragma once

#include "cpu/merge_poses.h"
#include "ops/poses.h"

namespace rmpe::ops {

inline std::tuple<Tensor, Tensor, Tensor> merge_poses(Tensor keypoints, Tensor scores, Tensor boxes,
                                                      Tensor suppressor, double merge_box,
                                                      double merge_radius, double min_score,
                                                      double zero_score) {
  const MergeParameters parameters{merge_box, merge_radius, min_score, zero_score};
  const PoseTensors poses(keypoints, scores);
  const Tensor dense_boxes = dense_like(keypoints, "boxes", boxes, {poses.N, 4});
  const Tensor dense_suppressor = dense_indices("suppressor", suppressor, poses.N);
  const int64_t* removed_by = data<int64_t>(dense_suppressor);
  const cpu::Groups groups = cpu::group_by(removed_by, poses.N);
  const ScalarType dtype = keypoints.scalar_type();
  Tensor merged_keypoints = empty({poses.N, poses.K, 2}, dtype);
  Tensor merged_scores = empty({poses.N, poses.K}, dtype);
  Tensor keep = empty({poses.N}, ScalarType::Bool);
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    T* keypoint_data = mutable_data<T>(merged_keypoints);
    T* score_data = mutable_data<T>(merged_scores);
    bool* keep_data = mutable_data<bool>(keep);
    for_groups(groups, poses.N, [&](int64_t begin, int64_t end) {
      cpu::merge_poses(data<T>(poses.keypoints), data<T>(poses.scores), data<T>(dense_boxes),
                       removed_by, poses.N, poses.K, parameters, groups, begin, end, keypoint_data,
                       score_data, keep_data);
    });
  });
  return {merged_keypoints, merged_scores, keep};
}

}  // namespace rmpe::ops
