// Pose NMS over raw pointers.
#pragma once

#include <cstdint>

#include "../core/pose_nms.h"
#include "../core/poses.h"
#include "groups.h"

namespace rmpe::cpu {

// Works on images [begin, end). T is float or double.
template <typename T>
void pose_nms(const PoseList<T>& poses,
              const T* boxes,  // [N, 4]
              const PoseNMSParameters& parameters, const Groups& images, int64_t begin, int64_t end,
              // outputs
              bool* keep,            // [N]
              int64_t* suppressor);  // [N]

}  // namespace rmpe::cpu
