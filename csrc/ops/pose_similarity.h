#pragma once

#include "cpu/pose_similarity.h"
#include "ops/poses.h"

namespace rmpe::ops {

// What the similarity of poses takes; the rest decides what it leads to.
inline PoseNMSParameters similarity_parameters(double sigma1, double sigma2, double lam,
                                               bool squared, bool box_unit, double match_box,
                                               double match_radius) {
  PoseNMSParameters parameters{};
  parameters.sigma1 = sigma1;
  parameters.sigma2 = sigma2;
  parameters.lam = lam;
  parameters.squared = squared;
  parameters.box_unit = box_unit;
  parameters.match_box = match_box;
  parameters.match_radius = match_radius;
  return parameters;
}

inline Tensor pose_similarity(Tensor keypoints, Tensor scores, Tensor boxes, double sigma1,
                              double sigma2, double lam, bool squared, bool box_unit,
                              double match_box, double match_radius) {
  const PoseNMSParameters parameters =
      similarity_parameters(sigma1, sigma2, lam, squared, box_unit, match_box, match_radius);
  const PoseTensors poses(keypoints, scores);
  const Tensor dense_boxes = dense_like(keypoints, "boxes", boxes, {poses.N, 4});
  Tensor similarity = empty({poses.N, poses.N}, keypoints.scalar_type());
  constexpr int64_t kJointPairsWorthAThread = 1 << 16;
  const int64_t grain =
      std::max<int64_t>(1, kJointPairsWorthAThread / std::max<int64_t>(1, poses.N * poses.K));
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    T* out = mutable_data<T>(similarity);
    parallel_for(0, poses.N, grain, [&](int64_t begin, int64_t end) {
      cpu::pose_similarity(poses.list<T>(), data<T>(dense_boxes), poses.N, parameters, begin, end,
                           out);
    });
  });
  return similarity;
}

}  // namespace rmpe::ops
