#include "ops/decode_simcc.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) { m.impl("decode_simcc", TORCH_BOX(&decode_simcc)); }

}  // namespace rmpe::ops
