// The ops as functions on numpy arrays. Arguments and results as in csrc/torch; the interpreter's
// lock is free while an op runs.
#include "numpy/tensor.h"
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

PYBIND11_MODULE(_numpy, m) {
  const auto define = [&](const char* name, auto op) {
    m.def(name, op, pybind11::call_guard<pybind11::gil_scoped_release>());
  };
  define("affine_sample", &affine_sample);
  define("box_nms", &box_nms);
  define("crop", &crop);
  define("crop_matrices", &crop_matrices);
  define("decode", &decode);
  define("decode_simcc", &decode_simcc);
  define("merge_poses", &merge_poses);
  define("nearby_joints_nms", &nearby_joints_nms);
  define("oks_nms", &oks_nms);
  define("pose_nms", &pose_nms);
  define("pose_similarity", &pose_similarity);
  define("soft_argmax", &soft_argmax);
  define("soft_oks_nms", &soft_oks_nms);

  m.def("get_num_threads", &get_num_threads);
  m.def("set_num_threads", &set_num_threads);
}

}  // namespace rmpe::ops
