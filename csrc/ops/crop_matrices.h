#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cpu/crop_matrices.h"
#include "ops/geometry.h"

namespace rmpe::ops {

// rotation: [N], degrees, or none: upright.
template <typename T>
void run_crop_matrices(const Cpu&, const T* boxes, const std::optional<Tensor>& rotation,
                       const CropGeometry& geometry, int64_t N, T* matrices) {
  std::vector<double> angles;  // in radians
  if (rotation.has_value()) {
    angles.resize(N);
    dispatch_floating(*rotation, [&](auto zero) {
      const auto* degrees = data<decltype(zero)>(*rotation);
      for (int64_t n = 0; n < N; ++n) angles[n] = radians(double(degrees[n]));
    });
  }
  cpu::crop_matrices(boxes, rotation.has_value() ? angles.data() : nullptr, geometry, 0, N,
                     matrices);
}

template <typename Device>
Tensor crop_matrices(Tensor boxes, std::optional<Tensor> rotation, int64_t height, int64_t width,
                     double padding, double center_shift, std::string grid) {
  CropGeometry geometry{};
  geometry.height = height;
  geometry.width = width;
  geometry.padding = padding;
  geometry.center_shift = center_shift;
  geometry.grid = parse_grid(grid);

  const Device device(boxes);
  check_dim("boxes", boxes, 2);
  check_floating("boxes", boxes);
  check(boxes.size(1) == 4, "boxes must be (N, 4)");
  boxes = as_contiguous(boxes);
  const int64_t N = boxes.size(0);
  if (rotation.has_value()) {
    check_floating("rotation", *rotation);
    check(rotation->dim() == 1 && rotation->size(0) == N, "rotation must be (N,)");
    device.check_owns("rotation", rotation);
    rotation = as_contiguous(*rotation);
  }
  Tensor matrices = device.empty({N, 2, 3}, boxes.scalar_type());
  dispatch_floating(boxes, [&](auto zero) {
    using T = decltype(zero);
    run_crop_matrices(device, data<T>(boxes), rotation, geometry, N, mutable_data<T>(matrices));
  });
  return matrices;
}

}  // namespace rmpe::ops
