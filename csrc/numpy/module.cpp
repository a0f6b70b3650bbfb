// The ops as functions on numpy arrays. Arguments and results as in csrc/torch; the interpreter's
// lock is free while an op runs.
#include "numpy/python.h"
#include "ops/all.h"

namespace {

std::vector<PyMethodDef> methods() {
  using rmpe::python::method;
  std::vector<PyMethodDef> rows;
  rmpe::ops::for_each_op<rmpe::ops::Cpu>(
      [&](const char* name, auto op) { rows.push_back(method<decltype(op)::value>(name)); });
  rows.push_back(method<&rmpe::get_num_threads>("get_num_threads"));
  rows.push_back(method<&rmpe::set_num_threads>("set_num_threads"));
  rows.push_back({});
  return rows;
}

}  // namespace

PyMODINIT_FUNC PyInit__numpy() {
  import_array();
  static std::vector<PyMethodDef> rows = methods();  // the module refers to them
  static PyModuleDef module = {PyModuleDef_HEAD_INIT,
                               "_numpy",
                               nullptr,
                               -1,
                               rows.data(),
                               nullptr,
                               nullptr,
                               nullptr,
                               nullptr};
  return PyModule_Create(&module);
}
