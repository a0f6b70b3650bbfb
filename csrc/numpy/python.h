// Python functions from C++ ones, by Python's limited API and numpy's: one build serves every
// Python from 3.10 on, and every numpy from 1.26 on.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_1_25_API_VERSION
#define NPY_TARGET_VERSION NPY_1_25_API_VERSION
#include <numpy/arrayobject.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "numpy/tensor.h"

namespace rmpe::python {

// Thrown where Python has an exception set already.
struct ErrorIsSet {};

[[noreturn]] inline void throw_type_error(const char* wanted, PyObject* given) {
  PyErr_Format(PyExc_TypeError, "expected %s, got %R", wanted, given);
  throw ErrorIsSet();
}

// Owns a reference; the new one that a function of Python returned, or null where that failed.
class Reference {
 public:
  explicit Reference(PyObject* object) : object_(object) {
    if (object == nullptr) throw ErrorIsSet();
  }
  Reference(Reference&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  ~Reference() { Py_XDECREF(object_); }

  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }

 private:
  PyObject* object_;
};

// numpy's types. bfloat16 comes from ml_dtypes, and has no fixed number.
constexpr std::pair<ScalarType, int> kTypeNumbers[] = {
    {ScalarType::Bool, NPY_BOOL},     {ScalarType::Byte, NPY_UINT8}, {ScalarType::Long, NPY_LONG},
    {ScalarType::Long, NPY_LONGLONG}, {ScalarType::Half, NPY_HALF},  {ScalarType::Float, NPY_FLOAT},
    {ScalarType::Double, NPY_DOUBLE},
};
constexpr const char* kBFloat16 = "bfloat16";

inline ScalarType scalar_type_of(PyArray_Descr* dtype) {
  const auto object = reinterpret_cast<PyObject*>(dtype);
  if (!PyDataType_ISNOTSWAPPED(dtype)) throw_type_error("native byte order", object);
  for (const auto& [type, number] : kTypeNumbers) {
    if (dtype->type_num == number) return type;
  }
  const Reference name(PyObject_GetAttrString(object, "name"));
  if (PyUnicode_CompareWithASCIIString(name.get(), kBFloat16) != 0) {
    throw_type_error("a dtype of the ops", object);
  }
  return ScalarType::BFloat16;
}

inline PyArray_Descr* new_dtype(ScalarType wanted) {
  for (const auto& [type, number] : kTypeNumbers) {
    if (type == wanted) return PyArray_DescrFromType(number);
  }
  const Reference name(PyUnicode_FromString(kBFloat16));
  PyArray_Descr* dtype = nullptr;
  if (PyArray_DescrConverter(name.get(), &dtype) != NPY_SUCCEED) throw ErrorIsSet();
  return dtype;
}

// A view of the array's memory; a copy where that does not lie on whole items, as a field of a
// structured array, or a piece of a buffer, need not.
inline Tensor view(PyObject* object) {
  if (!PyArray_Check(object)) throw_type_error("numpy.ndarray", object);
  auto* array = reinterpret_cast<PyArrayObject*>(object);
  const ScalarType type = scalar_type_of(PyArray_DESCR(array));
  const int64_t dim = PyArray_NDIM(array), size = item_size(type);
  if (dim > Tensor::kMaxDim) throw_type_error("at most 4 dimensions", object);

  bool on_items = reinterpret_cast<uintptr_t>(PyArray_DATA(array)) % size == 0;
  Tensor::Sizes sizes{}, strides{}, byte_strides{};
  for (int64_t d = 0; d < dim; ++d) {
    sizes[d] = PyArray_DIM(array, int(d));
    byte_strides[d] = PyArray_STRIDE(array, int(d));
    strides[d] = byte_strides[d] / size;
    on_items = on_items && byte_strides[d] % size == 0;
  }
  return on_items ? Tensor(type, dim, sizes, strides, PyArray_DATA(array))
                  : gathered(type, dim, sizes, byte_strides, PyArray_DATA(array));
}

// An argument of a call, which keeps the arrays that its value views.
template <typename T>
struct Argument;

template <>
struct Argument<Tensor> {
  Tensor value;
  explicit Argument(PyObject* given) : value(view(given)) {}  // the caller holds the array
};

template <>
struct Argument<ScalarType> {
  ScalarType value;
  explicit Argument(PyObject* given) {
    if (!PyArray_DescrCheck(given)) throw_type_error("numpy.dtype", given);
    value = scalar_type_of(reinterpret_cast<PyArray_Descr*>(given));
  }
};

template <>
struct Argument<double> {
  double value;
  explicit Argument(PyObject* given) : value(PyFloat_AsDouble(given)) {
    if (value == -1.0 && PyErr_Occurred()) throw ErrorIsSet();
  }
};

template <>
struct Argument<int64_t> {
  int64_t value;
  explicit Argument(PyObject* given) : value(PyLong_AsLongLong(given)) {
    if (value == -1 && PyErr_Occurred()) throw ErrorIsSet();
  }
};

template <>
struct Argument<bool> {
  bool value;
  explicit Argument(PyObject* given) : value(given == Py_True) {
    if (given != Py_True && given != Py_False) throw_type_error("bool", given);
  }
};

template <>
struct Argument<std::string> {
  std::string value;
  explicit Argument(PyObject* given) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(given, &size);
    if (text == nullptr) throw ErrorIsSet();
    value.assign(text, size);
  }
};

template <typename T>
struct Argument<std::optional<T>> {
  std::optional<Argument<T>> held;
  std::optional<T> value;
  explicit Argument(PyObject* given) {
    if (given != Py_None) value = held.emplace(given).value;
  }
};

template <typename T>
struct Argument<std::vector<T>> {
  Reference items;  // a tuple, because other threads may change a list while the op runs
  std::vector<T> value;
  explicit Argument(PyObject* given) : items(PySequence_Tuple(given)) {
    const Py_ssize_t count = PyTuple_Size(items.get());
    value.reserve(count);
    for (Py_ssize_t i = 0; i < count; ++i) {
      value.push_back(Argument<T>(PyTuple_GetItem(items.get(), i)).value);
    }
  }
};

inline PyObject* new_object(int64_t number) { return PyLong_FromLongLong(number); }

// The array takes over the memory of a tensor that an op allocated.
inline PyObject* new_object(const Tensor& tensor) {
  using Owner = std::shared_ptr<void>;
  const auto* sizes = tensor.sizes().data();
  const std::vector<npy_intp> shape(sizes, sizes + tensor.dim());
  Reference array(PyArray_NewFromDescr(
      &PyArray_Type, new_dtype(tensor.scalar_type()), int(shape.size()), shape.data(), nullptr,
      const_cast<void*>(tensor.const_data_ptr()), NPY_ARRAY_CARRAY, nullptr));
  auto owner = std::make_unique<Owner>(tensor.owned());
  Reference capsule(PyCapsule_New(owner.get(), nullptr, [](PyObject* object) {
    delete static_cast<Owner*>(PyCapsule_GetPointer(object, nullptr));
  }));
  owner.release();
  auto* base_of = reinterpret_cast<PyArrayObject*>(array.get());
  if (PyArray_SetBaseObject(base_of, capsule.release()) != 0) throw ErrorIsSet();
  return array.release();
}

template <typename... Tensors>
PyObject* new_object(const std::tuple<Tensors...>& tensors) {
  Reference objects(PyTuple_New(sizeof...(Tensors)));
  std::apply(
      [&](const auto&... tensor) {
        Py_ssize_t i = 0;
        (PyTuple_SetItem(objects.get(), i++, Reference(new_object(tensor)).release()), ...);
      },
      tensors);
  return objects.release();
}

// Gives the interpreter's lock to other threads as long as it lives.
class WithoutLock {
 public:
  WithoutLock() : state_(PyEval_SaveThread()) {}
  ~WithoutLock() {
    // At the end of the process, Python before 3.14 ends the thread here, and glibc unwinds its
    // stack for that: past this function, which may not throw, and past references, which may not
    // be dropped without the lock. The thread waits for the end instead, as from 3.14 on.
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }
  WithoutLock(const WithoutLock&) = delete;

 private:
  PyThreadState* state_;
};

template <typename Result, typename... Parameters, size_t... kIndices>
PyObject* call(Result (*function)(Parameters...), PyObject* const* given,
               std::index_sequence<kIndices...>) {
  std::tuple<Argument<Parameters>...> arguments{Argument<Parameters>(given[kIndices])...};
  const auto run = [&] {
    const WithoutLock unlocked;
    return function(std::move(std::get<kIndices>(arguments).value)...);
  };
  if constexpr (std::is_void_v<Result>) {
    run();
    return Py_NewRef(Py_None);
  } else {
    return new_object(run());
  }
}

template <typename Result, typename... Parameters>
PyObject* checked_call(Result (*function)(Parameters...), PyObject* const* given,
                       Py_ssize_t count) {
  constexpr Py_ssize_t kWanted = sizeof...(Parameters);
  if (count != kWanted) {
    PyErr_Format(PyExc_TypeError, "expected %zd arguments, got %zd", kWanted, count);
    return nullptr;
  }
  try {
    return call(function, given, std::index_sequence_for<Parameters...>());
  } catch (const ErrorIsSet&) {
  } catch (const ArgumentError& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

// The function as a row of a module's table of methods. It takes its arguments by position.
template <auto kFunction>
PyMethodDef method(const char* name) {
  const auto function = [](PyObject*, PyObject* const* given, Py_ssize_t count) {
    return checked_call(kFunction, given, count);
  };
  PyObject* (*const pointer)(PyObject*, PyObject* const*, Py_ssize_t) = function;
  return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(pointer)), METH_FASTCALL,
          nullptr};
}

}  // namespace rmpe::python
