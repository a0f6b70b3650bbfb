#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cpu/crop_matrices.h"
#include "ops/common.h"
#include "ops/geometry.h"

namespace rmpe::ops {

inline Tensor dense_boxes(const Tensor& boxes) {
  check_dim("boxes", boxes, 2);
  check_floating("boxes", boxes);
  check(boxes.size(1) == 4, "boxes must be (N, 4)");
  return dense(boxes);
}

inline std::optional<Tensor> dense_rotation(const std::optional<Tensor>& rotation, int64_t N) {
  if (!rotation.has_value()) return std::nullopt;
  check_floating("rotation", *rotation);
  check(rotation->dim() == 1 && rotation->size(0) == N, "rotation must be (N,)");
  return dense(*rotation);
}

inline Tensor crop_matrices(Tensor boxes, std::optional<Tensor> rotation, int64_t height,
                            int64_t width, double padding, double drop, std::string grid) {
  const Tensor rows = dense_boxes(boxes);
  const int64_t N = rows.size(0);
  const CropGeometry geometry{height, width, padding, drop, parse_grid(grid)};

  std::vector<double> turns;  // in radians
  if (const std::optional<Tensor> degrees = dense_rotation(rotation, N)) {
    turns.resize(N);
    dispatch_floating(*degrees, [&](auto zero) {
      const auto* data = static_cast<const decltype(zero)*>(degrees->const_data_ptr());
      for (int64_t n = 0; n < N; ++n) turns[n] = radians(double(data[n]));
    });
  }

  Tensor matrices = empty({N, 2, 3}, rows.scalar_type());
  dispatch_floating(rows, [&](auto zero) {
    using T = decltype(zero);
    cpu::crop_matrices(static_cast<const T*>(rows.const_data_ptr()),
                       rotation.has_value() ? turns.data() : nullptr, geometry, 0, N,
                       static_cast<T*>(matrices.mutable_data_ptr()));
  });
  return matrices;
}

}  // namespace rmpe::ops
