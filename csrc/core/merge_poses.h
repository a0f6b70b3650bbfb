// Merging of a kept pose with the poses that it removed. Each joint becomes the mean, weighted by
// confidence, of the joints within reach of the kept one.
//
//   k = sum_j s_j k_j / sum_j s_j        s = sum_j s_j^2 / sum_j s_j
//
// Both are computed as the value of the kept pose plus a mean of differences, so that a pose that
// removed none keeps its values to the last bit.
#pragma once

#include <cmath>

#include "macros.h"

namespace rmpe {

// They have a constructor so that they can only be set by name, as PoseNMSParameters.
struct MergeParameters {
  RMPE_HD MergeParameters() {}

  double box = 0.0;         // reach as a fraction of the longer side of the box of the kept pose
  double radius = 0.0;      // largest reach, pixels
  double min_score = 0.0;   // a pose whose best joint has a lower score is not kept
  double zero_score = 0.0;  // weight of a joint whose score is not above 0
};

// Squared reach of a pose, pixels^2.
template <typename T>
RMPE_HD T merge_reach2(const T* box,  // [4] x1, y1, x2, y2
                       const MergeParameters& p) {
  // A box whose corners are swapped, or that has a NaN, has no extent.
  const double width = box[2] > box[0] ? double(box[2]) - double(box[0]) : 0.0;
  const double height = box[3] > box[1] ? double(box[3]) - double(box[1]) : 0.0;
  const double in_box = p.box * (width > height ? width : height);
  const double reach = in_box < p.radius ? in_box : p.radius;
  return T(reach * reach);
}

// The weight of a joint in the means. A score below 0, which a peak of a heatmap can have, counts
// as 0, because a negative weight extrapolates. A score that is not finite stays as it is.
template <typename T>
RMPE_HD T merge_weight(T score, T zero_score) {
  return std::isfinite(score) && score <= T(0) ? zero_score : score;
}

// Sums over the poses that are merged, of one joint.
template <typename T>
struct MergeSums {
  T weight;
  T x;  // weighted differences to the kept pose
  T y;
  T score;
};

// Adds a joint of a pose. (dx, dy) leads there from the joint of the kept pose. A joint that is not
// finite adds nothing.
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
