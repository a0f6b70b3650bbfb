// Merging poses, one joint at a time, as the method is written down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/merge_poses.h"
#include "oracles/greedy.h"
#include "oracles/pose_nms.h"

namespace oracle {

struct Merged {
  std::vector<double> keypoints;  // [N, K, 2]
  std::vector<double> scores;     // [N, K]
  std::vector<bool> keep;         // [N]
  double margin;  // by how much the closest joint, or best score, could move before it would count
};

// boxes: [N, 4]; suppressor: [N].
inline Merged merge_poses(const Poses& poses, const double* boxes, const int64_t* suppressor,
                          const rmpe::MergeParameters& p) {
  Merged result{poses.keypoints, poses.scores, std::vector<bool>(poses.N), kInfinity};
  const auto best = [&](const double* scores) {
    double largest = -kInfinity;  // a NaN is no score
    for (int64_t n = 0; n < poses.K; ++n) largest = scores[n] > largest ? scores[n] : largest;
    return largest;
  };
  for (int64_t i = 0; i < poses.N; ++i) {
    if (suppressor[i] != i) continue;
    const double* box = boxes + 4 * i;
    const double reach = std::min(p.box * std::max(width_of(box), height_of(box)), p.radius);
    for (int64_t n = 0; n < poses.K; ++n) {
      double weights = 0.0, x = 0.0, y = 0.0, squares = 0.0;
      for (int64_t j = 0; j < poses.N; ++j) {
        const double* joint = poses.joint(j, n);
        const double length =
            std::hypot(joint[0] - poses.joint(i, n)[0], joint[1] - poses.joint(i, n)[1]);
        const double score = poses.score(j, n);
        if (suppressor[j] != i || !std::isfinite(length) || !std::isfinite(score)) continue;
        if (length > 0.0) result.margin = std::min(result.margin, std::fabs(length - reach));
        if (length > reach) continue;
        const double weight = score > 0.0 ? score : p.zero_score;
        weights += weight;
        x += weight * joint[0];
        y += weight * joint[1];
        squares += weight * weight;
      }
      if (weights == 0.0 || !std::isfinite(poses.score(i, n))) continue;
      result.keypoints[2 * (i * poses.K + n)] = x / weights;
      result.keypoints[2 * (i * poses.K + n) + 1] = y / weights;
      result.scores[i * poses.K + n] = squares / weights;
    }
    const double before = best(poses.scores.data() + i * poses.K);
    const double after = best(result.scores.data() + i * poses.K);
    for (const double score : {before, after}) {
      result.margin = std::min(result.margin, std::fabs(score - p.min_score));
    }
    result.keep[i] = before >= p.min_score && after >= p.min_score;
  }
  return result;
}

}  // namespace oracle
