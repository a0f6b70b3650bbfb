// The table of the ops. This folder, csrc/ops, is the C++ side of each: checks, allocation,
// threads. The Python functions that users call, with their documentation, are in rmpe_ext/ops.
#pragma once

#include <type_traits>

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

// A function as a type, for registrations that need it when they are compiled.
template <auto kFunction>
using Function = std::integral_constant<decltype(kFunction), kFunction>;

// Calls define(name, Function) for every op but gradients.
template <typename Device, typename Define>
void for_each_op(Define&& define) {
  define("affine_sample", Function<&affine_sample<Device>>{});
  define("box_nms", Function<&box_nms<Device>>{});
  define("crop", Function<&crop<Device>>{});
  define("crop_matrices", Function<&crop_matrices<Device>>{});
  define("decode", Function<&decode<Device>>{});
  define("decode_simcc", Function<&decode_simcc<Device>>{});
  define("merge_poses", Function<&merge_poses<Device>>{});
  define("nearby_joints_nms", Function<&nearby_joints_nms<Device>>{});
  define("oks_nms", Function<&oks_nms<Device>>{});
  define("pose_nms", Function<&pose_nms<Device>>{});
  define("pose_similarity", Function<&pose_similarity<Device>>{});
  define("soft_argmax", Function<&soft_argmax<Device>>{});
  define("soft_oks_nms", Function<&soft_oks_nms<Device>>{});
}

}  // namespace rmpe::ops
