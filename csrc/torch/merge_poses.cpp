#include "ops/merge_poses.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) { m.impl("merge_poses", TORCH_BOX(&merge_poses)); }

}  // namespace rmpe::ops
