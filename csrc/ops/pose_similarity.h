#pragma once

#include <algorithm>
#include <vector>

#include "cpu/blocks.h"
#include "cpu/pose_similarity.h"
#include "ops/poses.h"

namespace rmpe::ops {

template <typename T>
void run_pose_similarity(const Cpu&, const PoseList<T>& poses, const T* boxes,
                         const PoseNMSParameters& parameters, int64_t N, T* similarity) {
  constexpr int64_t kJointPairsPerThread = 1 << 16;
  constexpr int64_t kRows = cpu::kLanes<T>;  // of a block: fewer take as long
  const int64_t blocks = (N + kRows - 1) / kRows;
  const int64_t pairs = std::max<int64_t>(1, kRows * N * poses.K);  // of joints, in a block
  const int64_t grain = (kJointPairsPerThread + pairs - 1) / pairs;
  const std::vector<T> weights = cpu::weights_or_nan(poses, boxes, N, parameters);
  parallel_for(blocks, grain, get_num_threads(), [&](int64_t begin, int64_t end) {
    cpu::pose_similarity(poses, boxes, weights.data(), N, parameters, begin * kRows,
                         std::min(N, end * kRows), similarity);
  });
}

template <typename Device>
Tensor pose_similarity(Tensor keypoints, Tensor scores, Tensor boxes, double sigma1, double sigma2,
                       double lam, bool squared, bool box_unit, double match_box,
                       double match_radius) {
  PoseNMSParameters parameters;
  parameters.sigma1 = sigma1;
  parameters.sigma2 = sigma2;
  parameters.lam = lam;
  parameters.squared = squared;
  parameters.box_unit = box_unit;
  parameters.match_box = match_box;
  parameters.match_radius = match_radius;

  const Device device(keypoints);
  const PoseTensors poses(device, keypoints, scores);
  boxes = poses.checked(device, "boxes", boxes, {poses.N, 4});
  Tensor similarity = device.empty({poses.N, poses.N}, keypoints.scalar_type());
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    run_pose_similarity(device, poses.list<T>(), data<T>(boxes), parameters, poses.N,
                        mutable_data<T>(similarity));
  });
  return similarity;
}

}  // namespace rmpe::ops
