// Nearby-joints NMS: a pose is removed if enough of its joints are close to those of a better pose.
#pragma once

#include <cstdint>

#include "macros.h"

namespace rmpe {

struct NearbyJointsParameters {
  double distance;   // joints are close within this fraction of the diagonal around the better pose
  int64_t max_near;  // a pose with more close joints is removed
};

// The squared distance within which joints are close to those of this pose, pixels^2.
template <typename T>
RMPE_HD T close_distance2(const T* xy,  // [K, 2]
                          int64_t K, const NearbyJointsParameters& p) {
  T x1 = xy[0], y1 = xy[1], x2 = xy[0], y2 = xy[1];
  for (int64_t n = 1; n < K; ++n) {
    const T x = xy[2 * n], y = xy[2 * n + 1];
    x1 = x < x1 ? x : x1;
    y1 = y < y1 ? y : y1;
    x2 = x > x2 ? x : x2;
    y2 = y > y2 ? y : y2;
  }
  const double width = double(x2) - double(x1), height = double(y2) - double(y1);
  return T(p.distance * p.distance * (width * width + height * height));
}

// 1 if a joint is close, else 0. (dx, dy) is its distance from that of the better pose.
template <typename T>
RMPE_HD T is_close(T dx, T dy, T close2) {
  return dx * dx + dy * dy <= close2 ? T(1) : T(0);
}

// Whether a pose with this number of close joints is removed.
template <typename T>
RMPE_HD bool has_too_many(T close, const NearbyJointsParameters& p) {
  return close > T(p.max_near);
}

}  // namespace rmpe
