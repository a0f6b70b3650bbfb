#include "ops/pose_nms.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("pose_nms", TORCH_BOX(&pose_nms));
  m.impl("pose_similarity", TORCH_BOX(&pose_similarity));
  m.impl("box_nms", TORCH_BOX(&box_nms));
}

}  // namespace rmpe::ops
