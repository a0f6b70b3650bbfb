#include "ops/affine_sample.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("affine_sample", TORCH_BOX(&affine_sample));
  m.impl("affine_sample_backward", TORCH_BOX(&affine_sample_backward));
}

}  // namespace rmpe::ops
