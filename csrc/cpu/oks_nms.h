// OKS NMS over raw pointers.
#pragma once

#include <cstdint>

#include "../core/poses.h"
#include "groups.h"

namespace rmpe::cpu {

// Works on images [begin, end). T is float or double.
template <typename T>
void oks_nms(const PoseList<T>& poses,
             const T* areas,   // [N], pixels^2
             const T* sigmas,  // [K]
             double threshold, const Groups& images, int64_t begin, int64_t end,
             // outputs
             bool* keep,            // [N]
             int64_t* suppressor);  // [N]

}  // namespace rmpe::cpu
