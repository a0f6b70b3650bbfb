// Small inputs of float32 or float64, such as matrices. The type is tested at run time, so that a
// kernel is compiled once for both.
#pragma once

#include <cstdint>

#include "core/affine.h"

namespace rmpe::cuda {

struct Floats {
  const void* data = nullptr;  // may be null
  bool is_double = false;

  RMPE_HD double operator[](int64_t i) const {
    return is_double ? static_cast<const double*>(data)[i]
                     : double(static_cast<const float*>(data)[i]);
  }
};

// Matrix n of [N, 2, 3].
RMPE_HD Affine load_affine(const Floats& matrices, int64_t n) {
  double values[6];
  for (int i = 0; i < 6; ++i) values[i] = matrices[6 * n + i];
  return rmpe::load_affine(values);
}

// The inverses of matrices [N, 2, 3], computed on access.
struct InverseMatrices {
  Floats matrices;

  RMPE_HD Affine operator[](int64_t n) const { return invert(load_affine(matrices, n)); }
};

}  // namespace rmpe::cuda
