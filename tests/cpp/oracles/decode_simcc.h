// The joint of two classification vectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "oracles/decode.h"

namespace oracle {

// Both vectors as they are decoded, averaged with the mirrored ones already. In crop pixels.
inline Joint decode_simcc(const std::vector<double>& x, const std::vector<double>& y,
                          double split_ratio) {
  for (const auto* values : {&x, &y}) {
    for (const double value : *values) {
      if (std::isnan(value)) return {NAN, NAN, NAN};
    }
  }
  const auto x_peak = std::max_element(x.begin(), x.end());
  const auto y_peak = std::max_element(y.begin(), y.end());
  const double score = std::min(*x_peak, *y_peak);
  if (score <= 0.0) return {-1.0 / split_ratio, -1.0 / split_ratio, score};
  return {double(x_peak - x.begin()) / split_ratio, double(y_peak - y.begin()) / split_ratio,
          score};
}

}  // namespace oracle
