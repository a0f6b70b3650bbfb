// Object keypoint similarity (OKS, https://cocodataset.org/#keypoints-eval).
//
//   OKS(i, j) = 1/K sum_n exp(-||k_i^n - k_j^n||^2 / (2 (2 sigma_n)^2 ((a_i + a_j) / 2 + eps)))
//
// sigma_n is the spread of human annotators at joint n, a the area of a person, pixels^2.
#pragma once

#include "exp.h"
#include "macros.h"

namespace rmpe {

// The spacing of double at 1: keeps poses without area from 0 / 0.
constexpr double kOksEpsilon = 2.220446049250313e-16;
// A float holds it: infinity times the distance 0 would be NaN.
constexpr double kLargestOksScale = 1e38;

// A joint's 1 / (2 (2 sigma)^2).
template <typename T>
RMPE_HD T oks_joint_scale(T sigma) {
  const double scale = 1.0 / (8.0 * double(sigma) * double(sigma));
  return T(scale < kLargestOksScale ? scale : kLargestOksScale);
}

// Half of what a pose adds to the mean area of a pair; a negative area is none.
template <typename T>
RMPE_HD T oks_half_area(T area) {
  return area > T(0) ? T(0.5) * area : T(0);
}

// A pair's 1 / ((a_i + a_j) / 2 + eps).
template <typename T>
RMPE_HD T oks_falloff(T half_area_a, T half_area_b) {
  return T(1) / (half_area_a + half_area_b + T(kOksEpsilon));
}

// One joint's share of K * OKS.
template <typename T>
RMPE_HD T oks_joint(T dx, T dy, T falloff, T joint_scale) {
  // Falloff first: for joints that coincide the product stays 0, however large both factors are.
  return exp_nonpositive(-((dx * dx + dy * dy) * falloff) * joint_scale);
}

}  // namespace rmpe
