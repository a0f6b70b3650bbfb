// Soft OKS NMS over raw pointers.
#pragma once

#include <cstdint>

#include "../core/poses.h"
#include "../core/soft_oks_nms.h"
#include "groups.h"

namespace rmpe::cpu {

// Works on images [begin, end). T is float or double.
template <typename T>
void soft_oks_nms(const PoseList<T>& poses,
                  const T* areas,   // [N], pixels^2
                  const T* sigmas,  // [K]
                  const SoftOksParameters& parameters, const Groups& images, int64_t begin,
                  int64_t end,
                  // outputs
                  bool* keep,      // [N]
                  T* pose_scores,  // [N]
                  int64_t* rank);  // [N]

}  // namespace rmpe::cpu
