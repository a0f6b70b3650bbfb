// Cost: a pose is read and written once, and a joint of a removed pose takes some 20 operations.
// The fixed cost of a call dominates.
#include "cpu/merge_poses.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rmpe::cpu {
namespace {

// Whether the best score is at least min_score, NaNs aside.
template <typename T>
bool scores_enough(const T* scores, int64_t K, double min_score) {
  T best = -std::numeric_limits<T>::infinity();
  for (int64_t n = 0; n < K; ++n) best = scores[n] > best ? scores[n] : best;
  return best >= T(min_score);
}

}  // namespace

template <typename T>
void merge_poses(const T* keypoints, const T* scores, const T* boxes, const int64_t* suppressor,
                 int64_t N, int64_t K, const MergeParameters& parameters, const Groups& groups,
                 int64_t begin, int64_t end, T* merged_keypoints, T* merged_scores, bool* keep) {
  const T zero_score = T(parameters.zero_score);
  for (int64_t group = begin; group < end; ++group) {
    const int64_t* members = groups.items(group);
    const int64_t count = groups.size(group);
    for (int64_t m = 0; m < count; ++m) {
      const int64_t j = members[m];
      std::copy_n(keypoints + j * K * 2, K * 2, merged_keypoints + j * K * 2);
      std::copy_n(scores + j * K, K, merged_scores + j * K);
      keep[j] = false;
    }
    const int64_t i = suppressor[members[0]];
    if (i < 0 || i >= N || suppressor[i] != i) continue;

    const T* kept_xy = keypoints + i * K * 2;
    const T* kept_scores = scores + i * K;
    T* merged_xy = merged_keypoints + i * K * 2;
    const T reach2 = merge_reach2(boxes + i * 4, parameters);
    for (int64_t n = 0; n < K; ++n) {
      const T kept_weight = merge_weight(kept_scores[n], zero_score);
      MergeSums<T> sums{};
      for (int64_t m = 0; m < count; ++m) {
        const T* xy = keypoints + (members[m] * K + n) * 2;
        merge_joint(xy[0] - kept_xy[2 * n], xy[1] - kept_xy[2 * n + 1],
                    merge_weight(scores[members[m] * K + n], zero_score), kept_weight, reach2,
                    sums);
      }
      // The kept joint is in the sums too, unless it is not finite: then it stays as it is.
      if (!(sums.weight > T(0)) || !std::isfinite(kept_weight)) continue;
      merged_xy[2 * n] += sums.x / sums.weight;
      merged_xy[2 * n + 1] += sums.y / sums.weight;
      merged_scores[i * K + n] = kept_weight + sums.score / sums.weight;
    }
    keep[i] = scores_enough(kept_scores, K, parameters.min_score) &&
              scores_enough(merged_scores + i * K, K, parameters.min_score);
  }
}

template void merge_poses(const float*, const float*, const float*, const int64_t*, int64_t,
                          int64_t, const MergeParameters&, const Groups&, int64_t, int64_t, float*,
                          float*, bool*);
template void merge_poses(const double*, const double*, const double*, const int64_t*, int64_t,
                          int64_t, const MergeParameters&, const Groups&, int64_t, int64_t, double*,
                          double*, bool*);

}  // namespace rmpe::cpu
