#include "cpu/crop.h"

#include <algorithm>
#include <string>

#include "torch/common.h"
#include "torch/crop.h"
#include "torch/geometry.h"

namespace rmpe {
namespace {

Tensor crop(std::vector<Tensor> images, Tensor matrices, std::optional<Tensor> image_index,
            int64_t height, int64_t width, std::vector<double> gain, std::vector<double> bias,
            bool swap_rb, ScalarType dtype, double fill) {
  const ImageTensors tensors(std::move(images));
  const ImageList list = tensors.list();
  const std::vector<Affine> inverses = invert_all(matrices, matrices.size(0));
  const int64_t N = int64_t(inverses.size());
  STD_TORCH_CHECK(height > 0 && width > 0, "size must be positive");
  const std::optional<Tensor> index = image_index_of(image_index, N, list.count);
  const int64_t* indices =
      index.has_value() ? static_cast<const int64_t*>(index->const_data_ptr()) : nullptr;
  for (int64_t n = 0; indices != nullptr && n < N; ++n) {
    STD_TORCH_CHECK(indices[n] >= 0 && indices[n] < list.count, "image_index must be in 0..",
                    list.count - 1, ", got ", indices[n], " at position ", n);
  }

  const cpu::CropBatch batch{list,   indices, inverses.data(),
                             height, width,   normalization_of(gain, bias, swap_rb, fill)};
  Tensor crops = empty({N, 3, height, width}, dtype);
  const int64_t grain = std::max<int64_t>(1, 16384 / width);  // rows worth a thread of their own
  dispatch_crops(dtype, [&](auto zero) {
    auto* out = static_cast<decltype(zero)*>(crops.mutable_data_ptr());
    torch::stable::parallel_for(0, N * height, grain, [&](int64_t begin, int64_t end) {
      cpu::crop(batch, begin, end, out);
    });
  });
  return crops;
}

Tensor crop_matrices(Tensor boxes, std::optional<Tensor> rotation, int64_t height, int64_t width,
                     double padding, double drop, std::string grid) {
  check_dim("boxes", boxes, 2);
  check_floating("boxes", boxes);
  STD_TORCH_CHECK(boxes.size(1) == 4, "boxes must be (N, 4)");
  const Tensor rows = dense(boxes);
  const int64_t count = rows.size(0);
  const CropGeometry geometry{height, width, padding, drop, parse_grid(grid)};

  std::vector<double> turns;  // in radians
  if (rotation.has_value()) {
    check_floating("rotation", *rotation);
    STD_TORCH_CHECK(rotation->dim() == 1 && rotation->size(0) == count, "rotation must be (N,)");
    const Tensor degrees = dense(*rotation);
    turns.resize(count);
    dispatch_floating(degrees, [&](auto zero) {
      using T = decltype(zero);
      const T* data = static_cast<const T*>(degrees.const_data_ptr());
      for (int64_t n = 0; n < count; ++n) turns[n] = radians(double(data[n]));
    });
  }

  Tensor matrices = empty({count, 2, 3}, rows.scalar_type());
  dispatch_floating(rows, [&](auto zero) {
    using T = decltype(zero);
    cpu::crop_matrices(static_cast<const T*>(rows.const_data_ptr()),
                       rotation.has_value() ? turns.data() : nullptr, geometry, 0, count,
                       static_cast<T*>(matrices.mutable_data_ptr()));
  });
  return matrices;
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("crop", TORCH_BOX(&crop));
  m.impl("crop_matrices", TORCH_BOX(&crop_matrices));
}

}  // namespace
}  // namespace rmpe
