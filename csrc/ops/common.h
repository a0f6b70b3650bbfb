// Checks and conversions of arguments. The Python layer has checked them before an op is called;
// the checks here keep direct calls from reading memory that is not theirs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <sstream>

#include "core/half.h"
#include "ops/device.h"
#include "ops/tensor.h"
#include "parallel/parallel_for.h"

namespace rmpe::ops {

// Throws unless the condition holds; the parts are joined to the message.
template <typename... Parts>
void check(bool condition, const Parts&... parts) {
  if (condition) return;
  std::ostringstream message;
  (message << ... << parts);
  throw ArgumentError(message.str());
}

inline void check_dim(const char* name, const Tensor& tensor, int64_t dim) {
  check(tensor.dim() == dim, name, " must have ", dim, " dimensions, got ", tensor.dim());
}

// The native kernels take float32 and float64.
inline void check_floating(const char* name, const Tensor& tensor) {
  const ScalarType dtype = tensor.scalar_type();
  check(dtype == ScalarType::Float || dtype == ScalarType::Double, name,
        " must be float32 or float64");
}

template <typename T>
const T* data(const Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}
template <typename T>
const T* data(const std::optional<Tensor>& tensor) {
  return tensor.has_value() ? data<T>(*tensor) : nullptr;
}
template <typename T>
T* mutable_data(Tensor& tensor) {
  return static_cast<T*>(tensor.mutable_data_ptr());
}

// A tensor itself where it is contiguous, else a copy.
inline Tensor as_contiguous(const Tensor& tensor) {
  return tensor.is_contiguous() ? tensor : contiguous(tensor);
}

// Maps [N, K, ...], copied only where a single map is not contiguous: slices along the first two
// dimensions, and expanded ones, stay in place.
inline Tensor with_contiguous_maps(const Tensor& tensor) {
  int64_t expected = 1;
  for (int64_t d = tensor.dim() - 1; d >= 2; --d) {
    if (tensor.size(d) != 1 && tensor.stride(d) != expected) return as_contiguous(tensor);
    expected *= tensor.size(d);
  }
  return tensor;
}

// Indices [N], contiguous and in the dtype that kernels read.
template <typename Device>
Tensor checked_indices(const Device& device, const char* name, const Tensor& indices, int64_t N) {
  check(indices.scalar_type() == ScalarType::Long && indices.dim() == 1 && indices.size(0) == N,
        name, " must be int64 (N,)");
  device.check_owns(name, indices);
  return as_contiguous(indices);
}

// Matrices [N, 2, 3], contiguous.
template <typename Device>
Tensor checked_matrices(const Device& device, const char* name, const Tensor& matrices, int64_t N) {
  check_floating(name, matrices);
  check(matrices.dim() == 3 && matrices.size(0) == N && matrices.size(1) == 2 &&
            matrices.size(2) == 3,
        name, " must be (N, 2, 3)");
  device.check_owns(name, matrices);
  return as_contiguous(matrices);
}
template <typename Device>
std::optional<Tensor> checked_matrices(const Device& device, const char* name,
                                       const std::optional<Tensor>& matrices, int64_t N) {
  if (!matrices.has_value()) return std::nullopt;
  return checked_matrices(device, name, *matrices, N);
}

// Calls body(float{}) or body(double{}), whichever the tensor holds.
template <typename Body>
auto dispatch_floating(const Tensor& tensor, Body&& body) {
  return tensor.scalar_type() == ScalarType::Double ? body(double{}) : body(float{});
}

// Calls body with a zero of the type that the tensor stores.
template <typename Body>
auto dispatch_stored(const char* name, const Tensor& tensor, Body&& body) {
  switch (tensor.scalar_type()) {
    case ScalarType::Double:
      return body(double{});
    case ScalarType::Half:
      return body(Half{});
    case ScalarType::BFloat16:
      return body(BFloat16{});
    default:
      check(tensor.scalar_type() == ScalarType::Float, name,
            " must be float32, float64, float16 or bfloat16");
      return body(float{});
  }
}

// The dtype that values of another are computed in: float32 for the 16-bit types.
inline ScalarType compute_dtype(ScalarType dtype) {
  return dtype == ScalarType::Double ? dtype : ScalarType::Float;
}

}  // namespace rmpe::ops
