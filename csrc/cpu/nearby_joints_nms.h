// Nearby-joints NMS over raw pointers.
#pragma once

#include <cstdint>

#include "../core/nearby_joints_nms.h"
#include "../core/poses.h"
#include "groups.h"

namespace rmpe::cpu {

// Works on images [begin, end). T is float or double.
template <typename T>
void nearby_joints_nms(const PoseList<T>& poses, const NearbyJointsParameters& parameters,
                       const Groups& images, int64_t begin, int64_t end,
                       // outputs
                       bool* keep,            // [N]
                       int64_t* suppressor);  // [N]

}  // namespace rmpe::cpu
