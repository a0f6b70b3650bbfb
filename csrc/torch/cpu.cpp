// The ops on CPU tensors, registered with PyTorch.
#include "ops/affine_sample.h"
#include "ops/box_nms.h"
#include "ops/crop.h"
#include "ops/crop_matrices.h"
#include "ops/decode.h"
#include "ops/decode_simcc.h"
#include "ops/merge_poses.h"
#include "ops/nearby_joints_nms.h"
#include "ops/oks_nms.h"
#include "ops/pose_nms.h"
#include "ops/pose_similarity.h"
#include "ops/soft_argmax.h"
#include "ops/soft_oks_nms.h"

namespace rmpe::ops {

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("affine_sample", TORCH_BOX(&affine_sample));
  m.impl("affine_sample_backward", TORCH_BOX(&affine_sample_backward));
  m.impl("box_nms", TORCH_BOX(&box_nms));
  m.impl("crop", TORCH_BOX(&crop));
  m.impl("crop_matrices", TORCH_BOX(&crop_matrices));
  m.impl("decode", TORCH_BOX(&decode));
  m.impl("decode_simcc", TORCH_BOX(&decode_simcc));
  m.impl("merge_poses", TORCH_BOX(&merge_poses));
  m.impl("nearby_joints_nms", TORCH_BOX(&nearby_joints_nms));
  m.impl("oks_nms", TORCH_BOX(&oks_nms));
  m.impl("pose_nms", TORCH_BOX(&pose_nms));
  m.impl("pose_similarity", TORCH_BOX(&pose_similarity));
  m.impl("soft_argmax", TORCH_BOX(&soft_argmax));
  m.impl("soft_argmax_backward", TORCH_BOX(&soft_argmax_backward));
  m.impl("soft_oks_nms", TORCH_BOX(&soft_oks_nms));
}

}  // namespace rmpe::ops
