// From the two classification vectors of a joint (SimCC, Li et al., ECCV 2022) to a keypoint.
#pragma once

#include <cmath>
#include <cstdint>

#include "macros.h"

namespace rmpe {

struct SimccPoint {
  double x, y;  // crop pixels
};

// The lesser of the two maxima; NaN where one is.
template <typename T>
RMPE_HD T simcc_score(T x_maximum, T y_maximum) {
  return x_maximum < y_maximum || !(x_maximum == x_maximum) ? x_maximum : y_maximum;
}

// x_bin, y_bin: where the maxima are. Without a score above 0 both are bin -1.
template <typename T>
RMPE_HD SimccPoint simcc_point(T score, int64_t x_bin, int64_t y_bin, double split_ratio) {
  if (!(score == score)) return {NAN, NAN};
  if (!(score > 0)) x_bin = y_bin = -1;
  return {double(x_bin) / split_ratio, double(y_bin) / split_ratio};
}

}  // namespace rmpe
