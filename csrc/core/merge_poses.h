// Merging a kept pose with what it removed: joint by joint the mean weighted by confidence, of the
// joints within reach of the kept one's.
//
//   k = sum_j s_j k_j / sum_j s_j        s = sum_j s_j^2 / sum_j s_j
//
// Both are computed as the kept pose's own value plus a mean of differences, so that a pose that
// removed none keeps its values to the last bit.
#pragma once

#include <cmath>

#include "macros.h"

namespace rmpe {

// Set by name, because they have a constructor.
struct MergeParameters {
  RMPE_HD MergeParameters() {}

  double box = 0.0;         // reach, as a fraction of the longer side of the kept pose's box
  double radius = 0.0;      // and at most this, pixels
  double min_score = 0.0;   // a pose whose best joint scores less is not kept
  double zero_score = 0.0;  // what a score of 0 counts as
};

// Squared reach of a pose, pixels^2.
template <typename T>
RMPE_HD T merge_reach2(const T* box,  // [4] x1, y1, x2, y2
                       const MergeParameters& p) {
  // A box turned inside out, or not a number, has no extent.
  const double width = box[2] > box[0] ? double(box[2]) - double(box[0]) : 0.0;
  const double height = box[3] > box[1] ? double(box[3]) - double(box[1]) : 0.0;
  const double in_box = p.box * (width > height ? width : height);
  const double reach = in_box < p.radius ? in_box : p.radius;
  return T(reach * reach);
}

// The weight of a joint in the means; what is not finite stays as it is. A score below 0, which a
// heatmap's peak can have, counts as 0: it would turn a mean into an extrapolation.
template <typename T>
RMPE_HD T merge_weight(T score, T zero_score) {
  return std::isfinite(score) && score <= T(0) ? zero_score : score;
}

// Of one joint, what the poses that are merged into the kept one add up to.
template <typename T>
struct MergeSums {
  T weight;
  T x;  // weighted differences to the kept pose
  T y;
  T score;
};

// Adds a joint: (dx, dy) from the kept pose's to this one's, and the weights of both. A joint that
// is not finite adds nothing.
template <typename T>
RMPE_HD void merge_joint(T dx, T dy, T weight, T kept_weight, T reach2, MergeSums<T>& sums) {
  const T distance2 = dx * dx + dy * dy;
  if (!(distance2 <= reach2) || !std::isfinite(distance2 + weight)) return;
  sums.weight += weight;
  sums.x += weight * dx;
  sums.y += weight * dy;
  sums.score += weight * (weight - kept_weight);
}

}  // namespace rmpe
