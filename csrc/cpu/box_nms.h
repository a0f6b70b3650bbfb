// Box NMS over raw pointers.
#pragma once

#include <cstdint>

#include "groups.h"

namespace rmpe::cpu {

// Works on images [begin, end). T is float or double.
template <typename T>
void box_nms(const T* boxes,   // [N, 4]
             const T* scores,  // [N]
             double threshold, const Groups& images, int64_t begin, int64_t end,
             // outputs
             bool* keep,            // [N]
             int64_t* suppressor);  // [N]

}  // namespace rmpe::cpu
