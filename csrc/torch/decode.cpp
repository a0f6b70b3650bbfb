#include "ops/decode.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) { m.impl("decode", TORCH_BOX(&decode)); }

}  // namespace rmpe::ops
