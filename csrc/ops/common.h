// What every op needs. The Python layer has checked the arguments before an op is called; the
// checks here guard raw pointers against direct calls.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <vector>

#include "core/affine.h"
#include "core/half.h"
#include "ops/tensor.h"

namespace rmpe::ops {

// Throws unless the condition holds; the parts are joined to the message.
template <typename... Parts>
void check(bool condition, const Parts&... parts) {
  if (condition) return;
  std::ostringstream message;
  (message << ... << parts);
  throw ArgumentError(message.str());
}

inline Tensor dense(const Tensor& tensor) {
  return tensor.is_contiguous() ? tensor : contiguous(tensor);
}

// The maps [N, K, ...], copied only where a map is not contiguous; slices along the first two
// dimensions, and expanded ones, stay in place.
inline Tensor with_dense_maps(const Tensor& tensor) {
  int64_t expected = 1;
  for (int64_t d = tensor.dim() - 1; d >= 2; --d) {
    if (tensor.size(d) != 1 && tensor.stride(d) != expected) return dense(tensor);
    expected *= tensor.size(d);
  }
  return tensor;
}

// The native kernels take float32 and float64.
inline void check_floating(const char* name, const Tensor& tensor) {
  const ScalarType dtype = tensor.scalar_type();
  check(dtype == ScalarType::Float || dtype == ScalarType::Double, name,
        " must be float32 or float64");
}

inline void check_dim(const char* name, const Tensor& tensor, int64_t dim) {
  check(tensor.dim() == dim, name, " must have ", dim, " dimensions, got ", tensor.dim());
}

// Indices [N], dense and in the dtype that kernels read.
inline Tensor dense_indices(const char* name, const Tensor& indices, int64_t N) {
  check(indices.scalar_type() == ScalarType::Long && indices.dim() == 1 && indices.size(0) == N,
        name, " must be int64 (N,)");
  return dense(indices);
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

// The dtype of what is computed from a stored one: float32 for the 16-bit types.
inline ScalarType widened(ScalarType dtype) {
  return dtype == ScalarType::Double ? dtype : ScalarType::Float;
}

inline void check_matrices(const char* name, const Tensor& matrices, int64_t N) {
  check_floating(name, matrices);
  check(matrices.dim() == 3 && matrices.size(0) == N && matrices.size(1) == 2 &&
            matrices.size(2) == 3,
        name, " must be (N, 2, 3)");
}

// Each of N matrices, [N, 2, 3].
inline std::vector<Affine> load_affines(const char* name, const Tensor& matrices, int64_t N) {
  check_matrices(name, matrices, N);
  const Tensor rows = dense(matrices);
  std::vector<Affine> maps(N);
  dispatch_floating(rows, [&](auto zero) {
    const auto* data = static_cast<const decltype(zero)*>(rows.const_data_ptr());
    for (int64_t n = 0; n < N; ++n) maps[n] = load_affine(data + 6 * n);
  });
  return maps;
}

// The inverse of each of N matrices, [N, 2, 3].
inline std::vector<Affine> invert_all(const Tensor& matrices, int64_t N) {
  std::vector<Affine> maps = load_affines("matrices", matrices, N);
  for (Affine& map : maps) map = invert(map);
  return maps;
}

}  // namespace rmpe::ops
