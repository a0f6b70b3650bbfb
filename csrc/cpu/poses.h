// Poses as every op that suppresses some of them takes them.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace rmpe::cpu {

template <typename T>
bool all_finite(const T* values, int64_t count) {
  bool finite = true;
  for (int64_t i = 0; i < count; ++i) {
    finite &= std::abs(values[i]) <= std::numeric_limits<T>::max();
  }
  return finite;
}

template <typename T>
struct PoseList {
  const T* keypoints;    // [N, K, 2]
  const T* scores;       // [N, K]
  const T* pose_scores;  // [N], what orders the poses; null: their mean score
  int64_t K;

  const T* xy(int64_t i) const { return keypoints + i * K * 2; }

  // What orders the poses. In double, a sum of floats is practically exact, so that equal poses tie
  // whatever the order of their joints.
  double confidence(int64_t i) const {
    if (pose_scores != nullptr) return pose_scores[i];
    double sum = 0.0;
    for (int64_t n = 0; n < K; ++n) sum += scores[i * K + n];
    return sum / double(K);
  }

  bool finite(int64_t i) const {
    return all_finite(xy(i), K * 2) && all_finite(scores + i * K, K);
  }

  // As greedy_nms asks it.
  bool rank(int64_t i, double& score) const {
    score = confidence(i);
    return !std::isnan(score) && finite(i);
  }
};

}  // namespace rmpe::cpu
