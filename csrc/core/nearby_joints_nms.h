// Nearby-joints NMS: a pose goes where enough of its joints are close to those of a better pose.
#pragma once

#include <cstdint>

#include "macros.h"

namespace rmpe {

struct NearbyJointsParameters {
  double distance;   // within which joints are close, as a fraction of the diagonal around a pose
  int64_t max_near;  // more close joints than these remove a pose
};

// Squared distance within which joints are close to those of this pose, in the unit of the joints,
// squared.
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

// 1 where a joint is close, else 0; (dx, dy) from the picked pose's to the other's.
template <typename T>
RMPE_HD T is_close(T dx, T dy, T close2) {
  return dx * dx + dy * dy <= close2 ? T(1) : T(0);
}

}  // namespace rmpe
