// Soft NMS: what a kept pose leaves of another's score.
#pragma once

#include <cstdint>

#include "exp.h"
#include "macros.h"

namespace rmpe {

struct SoftOksParameters {
  double threshold;  // the larger, the less scores decay
  int64_t max_kept;  // poses of an image
};

// The factor that a kept pose leaves of another's score (Bodla et al., "Soft-NMS", ICCV
// 2017, equation 3, with OKS for IoU).
template <typename T>
RMPE_HD double soft_nms_decay(T oks, const SoftOksParameters& p) {
  return exp_nonpositive(-double(oks) * double(oks) / p.threshold);
}

}  // namespace rmpe
