// The similarity of two poses in parametric pose NMS (Fang et al., "RMPE: Regional Multi-Person
// Pose Estimation", ICCV 2017).
//
//   d(i, j) = sum_n [joint n matches] tanh(c_i^n / sigma1) tanh(c_j^n / sigma1)
//           + lam * sum_n exp(-distance(k_i^n, k_j^n) / sigma2)
//
// i is the reference pose. Its box determines which joints match and, with box_unit, the unit of
// distance, so d is not symmetric.
#pragma once

#include <cmath>
#include <cstdint>

#include "exp.h"
#include "macros.h"

namespace rmpe {

// Parameters of pose_similarity. eta and near_* matter to pose_nms only. The constructor is there
// so that they can only be set by name: nobody sees two that are swapped among eleven in a row.
struct PoseNMSParameters {
  RMPE_HD PoseNMSParameters() {}

  double sigma1 = 1.0;
  double sigma2 = 1.0;
  double lam = 1.0;
  double eta = INFINITY;  // poses with a higher similarity are eliminated
  bool squared = false;   // whether the distance in the second sum is squared
  bool box_unit =
      false;  // unit of distance: kBoxUnit * longer side of the reference box, or a pixel
  // Joints match within match_radius units and a box of match_box times the reference box, centered
  // at the joint. A negative value switches the bound off.
  double match_box = -1.0;
  double match_radius = -1.0;
  // A pose with near_joints near joints is eliminated too; 0 switches the rule off. Joints are near
  // within min(near_radius, near_box * longer side of the reference box) pixels.
  int64_t near_joints = 0;
  double near_radius = 0.0;
  double near_box = 0.0;
};

constexpr double kBoxUnit = 0.1;
// The unit of a box without extent, in pixels. With it, joints that coincide have the distance 0,
// which would be 0 / 0 = NaN with a unit of 0. All others are too far apart to count.
constexpr double kSmallestUnit = 1e-12;
// The largest falloff that a float holds. An infinite one times the distance 0 would be NaN.
constexpr double kLargestFalloff = 1e38;

// The weight of a joint with confidence c in d: tanh(c / sigma1).
template <typename T>
RMPE_HD T joint_weight(T score, T inverse_sigma1) {
  return tanh_by_exp(score * inverse_sigma1);
}

// What the box of a reference pose determines.
template <typename T>
struct PoseReach {
  T falloff;      // of exp(-falloff * distance); the distance is in pixels, or pixels^2 if squared
  T half_width;   // joints match within half_width, half_height and radius2
  T half_height;  // pixels; infinite if there is no match box
  T radius2;      // pixels^2; infinite if there is no match radius
  T near2;        // joints are near within it, pixels^2
};

template <typename T>
RMPE_HD PoseReach<T> pose_reach(const T* box,  // [4] x1, y1, x2, y2
                                const PoseNMSParameters& p) {
  // A box whose corners are swapped has no extent.
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

// Sums over the joints of a pair of poses.
template <typename T>
struct PoseSums {
  T match;      // the first sum of d, K_sim in the paper
  T closeness;  // the second sum of d, H_sim in the paper
  T near;       // number of near joints
};

// Adds one joint. (dx, dy) leads from the joint of the reference to that of the other pose; weight
// is the product of the weights of both.
template <typename T, bool Squared>
RMPE_HD void add_joint(const PoseReach<T>& reach, T dx, T dy, T weight, PoseSums<T>& sums) {
  const T distance2 = dx * dx + dy * dy;
  const T across = dx < T(0) ? -dx : dx;
  const T down = dy < T(0) ? -dy : dy;
  // & instead of &&, because branches would keep the loop from being vectorized.
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
