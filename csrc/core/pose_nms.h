// Parametric pose NMS: when one pose eliminates another (Fang et al., "RMPE: Regional Multi-Person
// Pose Estimation", ICCV 2017).
#pragma once

#include <cstdint>

#include "macros.h"
#include "pose_similarity.h"

namespace rmpe {

// The number of near joints that eliminates a pose. It is above K if the rule is switched off.
template <typename T>
RMPE_HD T enough_near_joints(const PoseNMSParameters& p, int64_t K) {
  return T(p.near_joints > 0 ? p.near_joints : K + 1);
}

template <typename T>
RMPE_HD bool eliminates(T similarity, T near, T eta, T enough) {
  return similarity > eta || near >= enough;
}

}  // namespace rmpe
