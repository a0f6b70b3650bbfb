// The poses of a call.
#pragma once

#include <cmath>
#include <cstdint>

#include "macros.h"

namespace rmpe {

// Infinity minus itself is NaN. Unlike std::isfinite, this is vectorized.
template <typename T>
RMPE_HD bool is_finite(T value) {
  return value - value == T(0);
}

template <typename T>
RMPE_HD bool all_finite(const T* values, int64_t count) {
  bool finite = true;
  for (int64_t i = 0; i < count; ++i) finite &= is_finite(values[i]);
  return finite;
}

template <typename T>
struct PoseList {
  const T* keypoints;    // [N, K, 2]
  const T* scores;       // [N, K]
  const T* pose_scores;  // [N]; null: the mean of the scores of each pose
  int64_t K;

  RMPE_HD const T* xy(int64_t i) const { return keypoints + i * K * 2; }

  // Suppression goes from the highest confidence to the lowest. A sum of floats is practically
  // exact in double, so that poses with the same scores tie, whatever the order of their joints.
  RMPE_HD double confidence(int64_t i) const {
    if (pose_scores != nullptr) return pose_scores[i];
    double sum = 0.0;
    for (int64_t n = 0; n < K; ++n) sum += scores[i * K + n];
    return sum / double(K);
  }

  RMPE_HD bool finite(int64_t i) const {
    return all_finite(xy(i), K * 2) && all_finite(scores + i * K, K);
  }

  // Whether the pose can be compared with others; also writes its confidence.
  RMPE_HD bool rank(int64_t i, double& score) const {
    score = confidence(i);
    return !std::isnan(score) && finite(i);
  }
};

}  // namespace rmpe
