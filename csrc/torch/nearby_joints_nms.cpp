#include "ops/nearby_joints_nms.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("nearby_joints_nms", TORCH_BOX(&nearby_joints_nms));
}

}  // namespace rmpe::ops
