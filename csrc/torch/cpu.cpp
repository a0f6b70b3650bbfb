// Registers the ops of CPU tensors with PyTorch.
#include "ops/all.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  for_each_op<Cpu>([&](const char* name, auto op) { m.impl(name, TORCH_BOX(op.value)); });
  m.impl("affine_sample_backward", TORCH_BOX(&affine_sample_backward<Cpu>));
  m.impl("soft_argmax_backward", TORCH_BOX(&soft_argmax_backward<Cpu>));
}

}  // namespace rmpe::ops
