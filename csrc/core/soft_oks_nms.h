// Soft NMS: what a kept pose leaves of another's score.
#pragma once

#include "exp.h"
#include "macros.h"

namespace rmpe {

// The factor that a kept pose leaves of another's score (Bodla et al., "Soft-NMS", ICCV
// 2017, equation 3, with OKS for IoU).
template <typename T>
RMPE_HD double soft_nms_decay(T oks, double threshold) {
  return exp_nonpositive(-double(oks) * double(oks) / threshold);
}

}  // namespace rmpe
