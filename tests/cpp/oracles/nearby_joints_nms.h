// Nearby-joints NMS, one pair at a time, as the method is written down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "oracles/greedy.h"

namespace oracle {

// distance: of the diagonal of the box around the picked pose's joints.
inline Suppression nearby_joints_nms(const Poses& poses, double distance, int64_t max_near) {
  std::vector<double> order(poses.N);
  for (int64_t i = 0; i < poses.N; ++i) order[i] = order_of(poses, i);
  return greedy(order, poses.image_index, [&](int64_t i, int64_t j) {
    double low[2] = {kInfinity, kInfinity}, high[2] = {-kInfinity, -kInfinity};
    for (int64_t n = 0; n < poses.K; ++n) {
      for (int axis = 0; axis < 2; ++axis) {
        low[axis] = std::min(low[axis], poses.joint(i, n)[axis]);
        high[axis] = std::max(high[axis], poses.joint(i, n)[axis]);
      }
    }
    const double reach = distance * std::hypot(high[0] - low[0], high[1] - low[1]);
    int64_t near = 0;
    double margin = kInfinity;
    for (int64_t n = 0; n < poses.K; ++n) {
      const double length = std::hypot(poses.joint(j, n)[0] - poses.joint(i, n)[0],
                                       poses.joint(j, n)[1] - poses.joint(i, n)[1]);
      // Joints that coincide are near, however the reach is rounded.
      if (length > 0.0) margin = std::min(margin, std::fabs(length - reach));
      near += length <= reach;
    }
    return Decision{near > max_near, margin};
  });
}

}  // namespace oracle
