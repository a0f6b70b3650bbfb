// Soft NMS: a kept pose lowers the scores of similar poses (Bodla et al., "Soft-NMS", ICCV 2017).
#pragma once

#include <cstdint>

#include "exp.h"
#include "macros.h"

namespace rmpe {

struct SoftOksParameters {
  double threshold;  // sigma of the paper's equation 3: the larger, the less scores decay
  int64_t max_kept;  // poses kept of an image
};

// The factor by which a kept pose lowers the score of another: equation 3, with OKS for IoU.
template <typename T>
RMPE_HD double soft_nms_decay(T oks, const SoftOksParameters& p) {
  return exp_nonpositive(-double(oks) * double(oks) / p.threshold);
}

}  // namespace rmpe
