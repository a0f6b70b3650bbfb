#include "ops/crop.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("crop", TORCH_BOX(&crop));
  m.impl("crop_matrices", TORCH_BOX(&crop_matrices));
}

}  // namespace rmpe::ops
