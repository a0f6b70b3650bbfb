// How similar two poses are to parametric pose NMS (Fang et al., "RMPE: Regional Multi-Person Pose
// Estimation", ICCV 2017, section 3.2).
//
//   d(i, j) = sum_n [joint n matches] tanh(c_i^n / sigma1) tanh(c_j^n / sigma1)
//           + lam * sum_n exp(-distance(k_i^n, k_j^n) / sigma2)
//
// i is the reference pose: its box sets the reach of a match and, where asked, the unit of
// distance. d is therefore not symmetric.
#pragma once

#include <cmath>
#include <cstdint>

#include "exp.h"
#include "macros.h"

namespace rmpe {

// Parameters of pose_similarity. eta and near_* matter to pose_nms only. They have a constructor so
// that they can only be set by name: among eleven numbers in a row nobody sees two that are
// swapped.
struct PoseNMSParameters {
  RMPE_HD PoseNMSParameters() {}

  double sigma1 = 1.0;
  double sigma2 = 1.0;
  double lam = 1.0;
  double eta = INFINITY;    // a pose more similar than this is eliminated
  bool squared = false;     // whether the distance in the second sum is squared
  bool box_unit = false;    // distances in kBoxUnit * longer side of the reference box, or pixels
  double match_box = -1.0;  // sides of the match box, in those of the reference box; < 0: no box
  double match_radius = -1.0;  // in the unit of distance; < 0: no radius
  int64_t near_joints = 0;     // this many near joints eliminate a pose too; 0: no such rule
  double near_radius = 0.0;    // near: within min(near_radius, near_box * longer side), in pixels
  double near_box = 0.0;
};

constexpr double kBoxUnit = 0.1;
// The unit of a box without extent, in pixels. Not 0, so that joints that coincide keep the
// distance 0 (0 / 0 would be NaN), while all others are too far apart to count.
constexpr double kSmallestUnit = 1e-12;
// A float holds it: infinity times the distance 0 would be NaN.
constexpr double kLargestFalloff = 1e38;

// Share of a joint's confidence in d: tanh(c / sigma1).
template <typename T>
RMPE_HD T joint_weight(T score, T inverse_sigma1) {
  return tanh_by_exp(score * inverse_sigma1);
}

// What a reference pose's box decides.
template <typename T>
struct PoseReach {
  T falloff;     // exp(-falloff * distance), the distance in pixels or pixels^2
  T half_width;  // a match lies within these, pixels; infinite where not asked for
  T half_height;
  T radius2;  // and within this, pixels^2; infinite where not asked for
  T near2;    // pixels^2
};

template <typename T>
RMPE_HD PoseReach<T> pose_reach(const T* box,  // [4] x1, y1, x2, y2
                                const PoseNMSParameters& p) {
  // A box turned inside out has no extent.
  const double width = box[2] > box[0] ? double(box[2]) - double(box[0]) : 0.0;
  const double height = box[3] > box[1] ? double(box[3]) - double(box[1]) : 0.0;
  const double longer = width > height ? width : height;

  double unit = p.box_unit ? kBoxUnit * longer : 1.0;
  unit = unit > kSmallestUnit ? unit : kSmallestUnit;
  double falloff = 1.0 / ((p.squared ? unit * unit : unit) * p.sigma2);
  falloff = falloff < kLargestFalloff ? falloff : kLargestFalloff;

  const double radius = p.match_radius * unit;
  const double near_box = p.near_box * longer;
  const double near = near_box < p.near_radius ? near_box : p.near_radius;
  PoseReach<T> reach;
  reach.falloff = T(falloff);
  reach.half_width = T(p.match_box < 0 ? INFINITY : 0.5 * p.match_box * width);
  reach.half_height = T(p.match_box < 0 ? INFINITY : 0.5 * p.match_box * height);
  reach.radius2 = T(p.match_radius < 0 ? INFINITY : radius * radius);
  reach.near2 = T(near * near);
  return reach;
}

// What the joints of a pair of poses add up to.
template <typename T>
struct PoseSums {
  T match;      // K_sim, the first sum of d
  T closeness;  // H_sim, the second
  T near;       // how many joints are near
};

// Add one joint: (dx, dy) from the reference's to the other's, weight the product of the two
// joint weights.
template <typename T, bool Squared>
RMPE_HD void add_joint(const PoseReach<T>& reach, T dx, T dy, T weight, PoseSums<T>& sums) {
  const T distance2 = dx * dx + dy * dy;
  const T across = dx < T(0) ? -dx : dx;
  const T down = dy < T(0) ? -dy : dy;
  // & instead of &&: no branches, for vector code.
  const bool matches =
      (across <= reach.half_width) & (down <= reach.half_height) & (distance2 <= reach.radius2);
  const T distance = Squared ? distance2 : std::sqrt(distance2);
  sums.match += matches ? weight : T(0);
  sums.closeness += exp_nonpositive(-reach.falloff * distance);
  sums.near += distance2 <= reach.near2 ? T(1) : T(0);
}

template <typename T>
RMPE_HD T pose_similarity(const PoseSums<T>& sums, T lam) {
  return sums.match + lam * sums.closeness;
}

}  // namespace rmpe
