// Pick the best, drop what it eliminates, and so on, as suppression is written down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

namespace oracle {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// N poses of K joints.
struct Poses {
  int64_t N, K;
  std::vector<double> keypoints;     // [N, K, 2]
  std::vector<double> scores;        // [N, K]
  std::vector<double> pose_scores;   // [N], or empty: the mean score orders the poses
  std::vector<int64_t> image_index;  // [N]

  const double* pose(int64_t i) const { return keypoints.data() + i * K * 2; }
  const double* joint(int64_t i, int64_t n) const { return pose(i) + n * 2; }
  double score(int64_t i, int64_t n) const { return scores[i * K + n]; }
};

struct Suppression {
  std::vector<bool> keep;           // [N]
  std::vector<int64_t> suppressor;  // [N]
  double margin;  // by how much the closest decision could move before it would change
};

struct Decision {
  bool eliminates;
  double margin;
};

inline bool all_finite(const double* values, int64_t count) {
  return std::all_of(values, values + count, [](double value) { return std::isfinite(value); });
}

// What orders a pose; NaN where it takes no part.
inline double order_of(const Poses& poses, int64_t i) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (!all_finite(poses.pose(i), 2 * poses.K)) return nan;
  if (!all_finite(poses.scores.data() + i * poses.K, poses.K)) return nan;
  if (!poses.pose_scores.empty()) return poses.pose_scores[i];
  double sum = 0.0;
  for (int64_t n = 0; n < poses.K; ++n) sum += poses.score(i, n);
  return sum / double(poses.K);
}

// order: [N], NaN for items that are kept without suppressing any. eliminates(i, j) says whether i,
// which was picked, eliminates j.
template <typename Eliminates>
Suppression greedy(const std::vector<double>& order, const std::vector<int64_t>& image_index,
                   Eliminates&& eliminates) {
  const int64_t N = int64_t(order.size());
  Suppression result{std::vector<bool>(N, true), std::vector<int64_t>(N), kInfinity};
  for (int64_t i = 0; i < N; ++i) result.suppressor[i] = i;
  for (const int64_t image : std::set<int64_t>(image_index.begin(), image_index.end())) {
    std::vector<int64_t> left;
    for (int64_t i = 0; i < N; ++i) {
      if (image_index[i] == image && !std::isnan(order[i])) left.push_back(i);
    }
    while (!left.empty()) {
      // The first of the largest, and left is in input order.
      const int64_t picked = *std::max_element(
          left.begin(), left.end(), [&](int64_t a, int64_t b) { return order[a] < order[b]; });
      std::vector<int64_t> others;
      for (const int64_t j : left) {
        if (j == picked) continue;
        const Decision decision = eliminates(picked, j);
        result.margin = std::min(result.margin, decision.margin);
        if (decision.eliminates) {
          result.keep[j] = false;
          result.suppressor[j] = picked;
        } else {
          others.push_back(j);
        }
      }
      left = others;
    }
  }
  return result;
}

}  // namespace oracle
