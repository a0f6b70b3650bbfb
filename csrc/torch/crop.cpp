#include "cpu/crop.h"

#include <algorithm>
#include <string>

#include "torch/common.h"
#include "torch/geometry.h"

namespace rmpe {
namespace {

// One image for each slice of a (B, H, W, 3) tensor, or the one image of an (H, W, 3) tensor.
void append_images(const Tensor& tensor, std::vector<Image>& images) {
  const int64_t dim = tensor.dim();
  STD_TORCH_CHECK((dim == 3 || dim == 4) && tensor.size(dim - 1) == 3 &&
                      tensor.scalar_type() == ScalarType::Byte,
                  "images must be uint8 (B, H, W, 3) or (H, W, 3)");
  const uint8_t* data = static_cast<const uint8_t*>(tensor.const_data_ptr());
  const int64_t count = dim == 4 ? tensor.size(0) : 1;
  const int64_t stride = dim == 4 ? tensor.stride(0) : 0;
  for (int64_t b = 0; b < count; ++b) {
    images.push_back({data + b * stride, tensor.size(dim - 3), tensor.size(dim - 2),
                      tensor.stride(dim - 3), tensor.stride(dim - 2)});
  }
}

Tensor crop(std::vector<Tensor> images, Tensor matrices, std::optional<Tensor> image_index,
            int64_t height, int64_t width, std::vector<double> gain, std::vector<double> bias,
            bool swap_rb, ScalarType dtype, double fill) {
  // Strided views are read in place as long as the three channels of a pixel lie side by side, and
  // pixels do not overlap, as they do in an expanded view.
  std::vector<Image> views;
  for (Tensor& image : images) {
    const int64_t channel = image.dim() - 1;
    if (image.stride(channel) != 1 || image.stride(channel - 1) < 3) {
      image = torch::stable::contiguous(image);
    }
    append_images(image, views);
  }
  const std::vector<Affine> inverses = invert_all(matrices, matrices.size(0));
  const int64_t count = int64_t(inverses.size()), image_count = int64_t(views.size());
  STD_TORCH_CHECK(height > 0 && width > 0, "size must be positive");
  STD_TORCH_CHECK(gain.size() == 3 && bias.size() == 3, "gain and bias must have 3 values");

  Tensor index;
  if (image_index.has_value()) {
    index = dense(*image_index);
    STD_TORCH_CHECK(index.scalar_type() == ScalarType::Long && index.numel() == count,
                    "image_index must be int64 (N,)");
    const int64_t* values = static_cast<const int64_t*>(index.const_data_ptr());
    for (int64_t n = 0; n < count; ++n) {
      STD_TORCH_CHECK(values[n] >= 0 && values[n] < image_count,
                      "image_index must be in 0..", image_count - 1, ", got ", values[n],
                      " at position ", n);
    }
  } else {
    STD_TORCH_CHECK(image_count == 1 || image_count == count,
                    "without image_index there must be one image, or one for each matrix");
  }

  cpu::CropBatch batch{
      views.data(),
      image_index.has_value() ? static_cast<const int64_t*>(index.const_data_ptr()) : nullptr,
      image_count, inverses.data(), height, width, {}};
  for (int c = 0; c < 3; ++c) {
    batch.normalization.gain[c] = float(gain[c]);
    batch.normalization.bias[c] = float(bias[c]);
  }
  batch.normalization.swap_rb = swap_rb;
  batch.normalization.fill = float(fill);

  STD_TORCH_CHECK(dtype == ScalarType::Float || dtype == ScalarType::Half ||
                      dtype == ScalarType::BFloat16,
                  "dtype must be float32, float16 or bfloat16");
  Tensor crops = empty({count, 3, height, width}, dtype);
  const int64_t grain = std::max<int64_t>(1, 16384 / width);  // rows worth a thread of their own
  const auto write = [&](auto zero) {
    auto* out = static_cast<decltype(zero)*>(crops.mutable_data_ptr());
    torch::stable::parallel_for(0, count * height, grain, [&](int64_t begin, int64_t end) {
      cpu::crop(batch, begin, end, out);
    });
  };
  if (dtype == ScalarType::Half) {
    write(Half{});
  } else if (dtype == ScalarType::BFloat16) {
    write(BFloat16{});
  } else {
    write(float{});
  }
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

  std::vector<double> radians;
  if (rotation.has_value()) {
    check_floating("rotation", *rotation);
    STD_TORCH_CHECK(rotation->dim() == 1 && rotation->size(0) == count, "rotation must be (N,)");
    const Tensor degrees = dense(*rotation);
    radians.resize(count);
    dispatch_floating(degrees, [&](auto zero) {
      using T = decltype(zero);
      const T* data = static_cast<const T*>(degrees.const_data_ptr());
      constexpr double kRadiansPerDegree = 3.14159265358979323846 / 180.0;
      for (int64_t n = 0; n < count; ++n) radians[n] = double(data[n]) * kRadiansPerDegree;
    });
  }

  Tensor matrices = empty({count, 2, 3}, rows.scalar_type());
  dispatch_floating(rows, [&](auto zero) {
    using T = decltype(zero);
    cpu::crop_matrices(static_cast<const T*>(rows.const_data_ptr()),
                       rotation.has_value() ? radians.data() : nullptr, geometry, 0, count,
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
