// Nearby-joints NMS over raw pointers.
#pragma once

#include <cstdint>

#include "../core/poses.h"
#include "groups.h"

namespace rmpe::cpu {

// Images [begin, end). T is float or double.
template <typename T>
void nearby_joints_nms(const PoseList<T>& poses,
                       double distance,   // of the diagonal of the box around a pose's joints
                       int64_t max_near,  // more close joints than these remove a pose
                       const Groups& images, int64_t begin, int64_t end,
                       // outputs
                       bool* keep,            // [N]
                       int64_t* suppressor);  // [N]

}  // namespace rmpe::cpu
