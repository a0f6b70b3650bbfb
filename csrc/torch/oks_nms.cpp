#include "ops/oks_nms.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("oks_nms", TORCH_BOX(&oks_nms));
  m.impl("soft_oks_nms", TORCH_BOX(&soft_oks_nms));
}

}  // namespace rmpe::ops
