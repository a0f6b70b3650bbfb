// The arguments of crop, as its bindings for the CPU and for CUDA take them.
#pragma once

#include <string>
#include <vector>

#include "core/crop.h"
#include "torch/common.h"

namespace rmpe {

// Strided views are read in place as long as the three channels of a pixel lie side by side, and
// pixels do not overlap, as they do in an expanded view.
class ImageTensors {
 public:
  explicit ImageTensors(std::vector<Tensor> images) : images_(std::move(images)) {
    for (Tensor& image : images_) {
      const int64_t dim = image.dim();
      STD_TORCH_CHECK((dim == 3 || dim == 4) && image.size(dim - 1) == 3 &&
                          image.scalar_type() == ScalarType::Byte,
                      "images must be uint8 (B, H, W, 3) or (H, W, 3)");
      STD_TORCH_CHECK(dim == 3 || images_.size() == 1, "images must be one stack, or all (H, W, 3)");
      if (image.stride(dim - 1) != 1 || image.stride(dim - 2) < 3) {
        image = torch::stable::contiguous(image);
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

// image_index [N], dense and in the dtype that kernels read, where there is any; without it there
// must be one image, or one for each crop.
inline std::optional<Tensor> image_index_of(const std::optional<Tensor>& image_index, int64_t N,
                                            int64_t image_count) {
  if (!image_index.has_value()) {
    STD_TORCH_CHECK(image_count == 1 || image_count == N,
                    "without image_index there must be one image, or one for each matrix");
    return std::nullopt;
  }
  STD_TORCH_CHECK(image_index->scalar_type() == ScalarType::Long && image_index->dim() == 1 &&
                      image_index->size(0) == N,
                  "image_index must be int64 (N,)");
  return dense(*image_index);
}

inline Normalization normalization_of(const std::vector<double>& gain,
                                      const std::vector<double>& bias, bool swap_rb, double fill) {
  STD_TORCH_CHECK(gain.size() == 3 && bias.size() == 3, "gain and bias must have 3 values");
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
      STD_TORCH_CHECK(dtype == ScalarType::Float, "dtype must be float32, float16 or bfloat16");
      return body(float{});
  }
}

}  // namespace rmpe
