// Nearby-joints NMS, one pair at a time, as the method is written down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/nearby_joints_nms.h"
#include "oracles/greedy.h"
#include "values.h"

namespace oracle {

// Drawn parameters for poses of K joints; they suppress none to most of a crowd.
inline rmpe::NearbyJointsParameters draw_nearby_joints(Random& random, int64_t K) {
  const double distances[] = {0.0, 0.04, 0.1, 0.5};
  return {distances[random.whole(0, 3)], random.whole(0, K)};
}

inline Suppression nearby_joints_nms(const Poses& poses,
                                     const rmpe::NearbyJointsParameters& parameters) {
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
    const double reach = parameters.distance * std::hypot(high[0] - low[0], high[1] - low[1]);
    int64_t near = 0;
    double margin = kInfinity;
    for (int64_t n = 0; n < poses.K; ++n) {
      const double length = std::hypot(poses.joint(j, n)[0] - poses.joint(i, n)[0],
                                       poses.joint(j, n)[1] - poses.joint(i, n)[1]);
      // Joints that coincide are near, however the reach is rounded.
      if (length > 0.0) margin = std::min(margin, std::fabs(length - reach));
      near += length <= reach;
    }
    return Decision{near > parameters.max_near, margin};
  });
}

}  // namespace oracle
