// Object keypoint similarity (OKS, https://cocodataset.org/#keypoints-eval).
//
//   OKS(i, j) = 1/K sum_n exp(-||k_i^n - k_j^n||^2 / (2 (2 sigma_n)^2 ((a_i + a_j) / 2 + eps)))
//
// sigma_n is the spread of human annotators at joint n, a_i the area of person i, pixels^2.
#pragma once

#include "exp.h"
#include "macros.h"

namespace rmpe {

// eps, the spacing of double at 1: without it, poses without area would give 0 / 0.
constexpr double kOksEpsilon = 2.220446049250313e-16;
// The largest scale that a float holds. An infinite one times the distance 0 would be NaN.
constexpr double kLargestOksScale = 1e38;

// 1 / (2 (2 sigma)^2) of a joint.
template <typename T>
RMPE_HD T oks_joint_scale(T sigma) {
  const double scale = 1.0 / (8.0 * double(sigma) * double(sigma));
  return T(scale < kLargestOksScale ? scale : kLargestOksScale);
}

// The share of a pose in the mean area of a pair. A negative area counts as 0.
template <typename T>
RMPE_HD T oks_half_area(T area) {
  return area > T(0) ? T(0.5) * area : T(0);
}

// 1 / ((a_i + a_j) / 2 + eps) of a pair.
template <typename T>
RMPE_HD T oks_falloff(T half_area_a, T half_area_b) {
  return T(1) / (half_area_a + half_area_b + T(kOksEpsilon));
}

// The term of one joint in K * OKS.
template <typename T>
RMPE_HD T oks_joint(T dx, T dy, T falloff, T joint_scale) {
  // The distance is multiplied first, so that it stays 0 for joints that coincide.
  return exp_nonpositive(-((dx * dx + dy * dy) * falloff) * joint_scale);
}

}  // namespace rmpe
