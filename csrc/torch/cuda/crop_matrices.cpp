#include "cuda/crop_matrices.h"

#include "ops/crop_matrices.h"
#include "torch/cuda/common.h"

namespace rmpe::ops {
namespace {

Tensor crop_matrices_cuda(Tensor boxes, std::optional<Tensor> rotation, int64_t height,
                          int64_t width, double padding, double drop, std::string grid) {
  const OnDeviceOf device(boxes);
  const CropGeometry geometry{height, width, padding, drop, parse_grid(grid)};
  const Tensor rows = dense_boxes(boxes);
  const int64_t N = rows.size(0);
  const std::optional<Tensor> degrees = dense_rotation(rotation, N);
  check_beside("rotation", degrees, boxes);
  Tensor matrices = empty_beside(boxes, {N, 2, 3}, rows.scalar_type());
  dispatch_floating(rows, [&](auto zero) {
    using T = decltype(zero);
    cuda::launch_crop_matrices(static_cast<const T*>(rows.const_data_ptr()), floats_of(degrees),
                               geometry, N, device.stream(),
                               static_cast<T*>(matrices.mutable_data_ptr()));
  });
  return matrices;
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("crop_matrices", TORCH_BOX(&crop_matrices_cuda));
}

}  // namespace
}  // namespace rmpe::ops
