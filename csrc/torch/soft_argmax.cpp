#include "ops/soft_argmax.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("soft_argmax", TORCH_BOX(&soft_argmax));
  m.impl("soft_argmax_backward", TORCH_BOX(&soft_argmax_backward));
}

}  // namespace rmpe::ops
