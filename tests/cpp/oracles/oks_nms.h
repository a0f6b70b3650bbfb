// OKS NMS, hard and soft, one pair at a time, as the method is written down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "oracles/greedy.h"

namespace oracle {

// areas: [N], pixels^2; sigmas: [K].
inline double oks(const Poses& poses, const double* areas, const double* sigmas, int64_t i,
                  int64_t j) {
  const double area = (std::max(areas[i], 0.0) + std::max(areas[j], 0.0)) / 2 +
                      std::numeric_limits<double>::epsilon();
  double sum = 0.0;
  for (int64_t n = 0; n < poses.K; ++n) {
    const double dx = poses.joint(i, n)[0] - poses.joint(j, n)[0];
    const double dy = poses.joint(i, n)[1] - poses.joint(j, n)[1];
    const double spread = 2 * sigmas[n];
    sum += std::exp(-(dx * dx + dy * dy) / (2 * spread * spread * area));
  }
  return sum / double(poses.K);
}

inline std::vector<double> oks_order(const Poses& poses, const double* areas) {
  std::vector<double> order(poses.N);
  for (int64_t i = 0; i < poses.N; ++i) {
    order[i] = std::isfinite(areas[i]) ? order_of(poses, i) : NAN;
  }
  return order;
}

inline Suppression oks_nms(const Poses& poses, const double* areas, const double* sigmas,
                           double threshold) {
  return greedy(oks_order(poses, areas), poses.image_index, [&](int64_t i, int64_t j) {
    const double value = oks(poses, areas, sigmas, i, j);
    // The 1 of poses that coincide is exact.
    return Decision{value > threshold, value == 1.0 ? kInfinity : std::fabs(value - threshold)};
  });
}

struct SoftSuppression {
  std::vector<bool> keep;           // [N]
  std::vector<double> pose_scores;  // [N], NaN where the mean score is
  std::vector<int64_t> rank;        // [N], among the kept poses of the image; -1 where dropped
  double margin;                    // the closest that two scores came between which a pick decided
};

inline SoftSuppression soft_oks_nms(const Poses& poses, const double* areas, const double* sigmas,
                                    double threshold, int64_t max_kept) {
  const std::vector<double> order = oks_order(poses, areas);
  SoftSuppression result{std::vector<bool>(poses.N), std::vector<double>(poses.N),
                         std::vector<int64_t>(poses.N, -1), kInfinity};
  std::vector<double>& current = result.pose_scores;
  for (int64_t i = 0; i < poses.N; ++i) {
    double mean = 0.0;
    for (int64_t n = 0; n < poses.K; ++n) mean += poses.score(i, n) / double(poses.K);
    const double given = poses.pose_scores.empty() ? mean : poses.pose_scores[i];
    current[i] = std::isfinite(order[i]) ? order[i] : given;
  }
  const std::set<int64_t> images(poses.image_index.begin(), poses.image_index.end());
  for (const int64_t image : images) {
    std::vector<int64_t> left, last;
    for (int64_t i = 0; i < poses.N; ++i) {
      if (poses.image_index[i] == image) (std::isfinite(order[i]) ? left : last).push_back(i);
    }
    int64_t kept = 0;
    const auto keep = [&](int64_t i) {
      result.keep[i] = true;
      result.rank[i] = kept++;
    };
    while (!left.empty() && kept < max_kept) {
      const auto best = std::max_element(
          left.begin(), left.end(), [&](int64_t a, int64_t b) { return current[a] < current[b]; });
      const int64_t picked = *best;
      left.erase(best);
      for (const int64_t j : left) {
        // Equal scores tie, exactly.
        const double gap = current[picked] - current[j];
        if (gap != 0.0) result.margin = std::min(result.margin, gap);
      }
      keep(picked);
      for (const int64_t j : left) {
        const double similarity = oks(poses, areas, sigmas, picked, j);
        current[j] *= std::exp(-similarity * similarity / threshold);
      }
    }
    for (const int64_t i : last) {
      if (kept < max_kept) keep(i);
    }
  }
  return result;
}

}  // namespace oracle
