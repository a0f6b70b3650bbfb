// The ops as functions on numpy arrays. Arguments and results as in csrc/torch; the interpreter's
// lock is free while an op runs.
#include "numpy/python.h"
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

namespace {

using rmpe::python::method;

PyMethodDef methods[] = {
    method<&rmpe::ops::affine_sample>("affine_sample"),
    method<&rmpe::ops::box_nms>("box_nms"),
    method<&rmpe::ops::crop>("crop"),
    method<&rmpe::ops::crop_matrices>("crop_matrices"),
    method<&rmpe::ops::decode>("decode"),
    method<&rmpe::ops::decode_simcc>("decode_simcc"),
    method<&rmpe::ops::merge_poses>("merge_poses"),
    method<&rmpe::ops::nearby_joints_nms>("nearby_joints_nms"),
    method<&rmpe::ops::oks_nms>("oks_nms"),
    method<&rmpe::ops::pose_nms>("pose_nms"),
    method<&rmpe::ops::pose_similarity>("pose_similarity"),
    method<&rmpe::ops::soft_argmax>("soft_argmax"),
    method<&rmpe::ops::soft_oks_nms>("soft_oks_nms"),
    method<&rmpe::get_num_threads>("get_num_threads"),
    method<&rmpe::set_num_threads>("set_num_threads"),
    {},
};

PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_numpy", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__numpy() {
  import_array();
  return PyModule_Create(&module);
}
