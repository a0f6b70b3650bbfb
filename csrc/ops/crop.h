#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cpu/crop.h"
#include "ops/common.h"

namespace rmpe::ops {

// Strided views are read in place as long as the three channels of a pixel lie side by side, and
// pixels do not overlap, as they do in an expanded view.
class ImageTensors {
 public:
  explicit ImageTensors(std::vector<Tensor> images) : images_(std::move(images)) {
    for (Tensor& image : images_) {
      const int64_t dim = image.dim();
      check((dim == 3 || dim == 4) && image.size(dim - 1) == 3 &&
                image.scalar_type() == ScalarType::Byte,
            "images must be uint8 (B, H, W, 3) or (H, W, 3)");
      check(dim == 3 || images_.size() == 1, "images must be one stack, or all (H, W, 3)");
      if (image.stride(dim - 1) != 1 || image.stride(dim - 2) < 3) {
        image = contiguous(image);
      }
      listed_.push_back({static_cast<const uint8_t*>(image.const_data_ptr()), image.size(dim - 3),
                         image.size(dim - 2), image.stride(dim - 3), image.stride(dim - 2)});
    }
  }

  ImageList list() const {
    const bool stack = images_.size() == 1 && images_[0].dim() == 4;
    const int64_t listed = int64_t(listed_.size());
    return {listed_.data(), stack ? std::min(listed, images_[0].size(0)) : listed,
            stack ? images_[0].size(0) : listed, stack ? images_[0].stride(0) : 0};
  }

 private:
  std::vector<Tensor> images_;
  std::vector<Image> listed_;
};

// image_index [N], where there is any; without it there must be one image, or one for each crop.
inline std::optional<Tensor> image_index_of(const std::optional<Tensor>& image_index, int64_t N,
                                            int64_t image_count) {
  if (!image_index.has_value()) {
    check(image_count == 1 || image_count == N,
          "without image_index there must be one image, or one for each matrix");
    return std::nullopt;
  }
  return dense_indices("image_index", *image_index, N);
}

inline Normalization normalization_of(const std::vector<double>& gain,
                                      const std::vector<double>& bias, bool swap_rb, double fill) {
  check(gain.size() == 3 && bias.size() == 3, "gain and bias must have 3 values");
  Normalization normalization;
  for (int c = 0; c < 3; ++c) {
    normalization.gain[c] = float(gain[c]);
    normalization.bias[c] = float(bias[c]);
  }
  normalization.swap_rb = swap_rb;
  normalization.fill = float(fill);
  return normalization;
}

// Calls body with a zero of the type in which crops are stored.
template <typename Body>
void dispatch_crops(ScalarType dtype, Body&& body) {
  switch (dtype) {
    case ScalarType::Half:
      return body(Half{});
    case ScalarType::BFloat16:
      return body(BFloat16{});
    default:
      check(dtype == ScalarType::Float, "dtype must be float32, float16 or bfloat16");
      return body(float{});
  }
}

inline Tensor crop(std::vector<Tensor> images, Tensor matrices, std::optional<Tensor> image_index,
                   int64_t height, int64_t width, std::vector<double> gain,
                   std::vector<double> bias, bool swap_rb, ScalarType dtype, double fill) {
  const ImageTensors tensors(std::move(images));
  const ImageList list = tensors.list();
  const std::vector<Affine> inverses = invert_all(matrices, matrices.size(0));
  const int64_t N = int64_t(inverses.size());
  check(height > 0 && width > 0, "size must be positive");
  const std::optional<Tensor> index = image_index_of(image_index, N, list.count);
  const int64_t* indices =
      index.has_value() ? static_cast<const int64_t*>(index->const_data_ptr()) : nullptr;
  for (int64_t n = 0; indices != nullptr && n < N; ++n) {
    check(indices[n] >= 0 && indices[n] < list.count, "image_index must be in 0..", list.count - 1,
          ", got ", indices[n], " at position ", n);
  }

  const cpu::CropBatch batch{list,   indices, inverses.data(),
                             height, width,   normalization_of(gain, bias, swap_rb, fill)};
  Tensor crops = empty({N, 3, height, width}, dtype);
  const int64_t grain = std::max<int64_t>(1, 16384 / width);  // rows worth a thread of their own
  dispatch_crops(dtype, [&](auto zero) {
    auto* out = static_cast<decltype(zero)*>(crops.mutable_data_ptr());
    parallel_for(0, N * height, grain,
                 [&](int64_t begin, int64_t end) { cpu::crop(batch, begin, end, out); });
  });
  return crops;
}

}  // namespace rmpe::ops
