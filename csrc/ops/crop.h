#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cpu/crop.h"
#include "ops/geometry.h"

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

inline Normalization make_normalization(const std::vector<double>& gain,
                                        const std::vector<double>& bias, bool swap_rb,
                                        double fill) {
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

// Rows that are worth a thread of their own.
inline int64_t crop_rows_per_thread(int64_t width) { return std::max<int64_t>(1, 16384 / width); }

// Indices are checked here. On CUDA that would wait for the device, so crops of images that do not
// exist are filled there.
template <typename Stored>
void run_crop(const Cpu&, const cpu::CropBatch& batch, Stored* crops) {
  for (int64_t n = 0; batch.image_index != nullptr && n < batch.N; ++n) {
    check(batch.image_index[n] >= 0 && batch.image_index[n] < batch.images.count,
          "image_index must be in 0..", batch.images.count - 1, ", got ", batch.image_index[n],
          " at position ", n);
  }
  parallel_for(batch.N * batch.height, crop_rows_per_thread(batch.width), get_num_threads(),
               [&](int64_t begin, int64_t end) { cpu::crop(batch, begin, end, crops); });
}

template <typename Device>
Tensor crop(std::vector<Tensor> images, Tensor matrices, std::optional<Tensor> image_index,
            int64_t height, int64_t width, std::vector<double> gain, std::vector<double> bias,
            bool swap_rb, ScalarType dtype, double fill) {
  const Device device(matrices);
  for (const Tensor& image : images) device.check_owns("images", image);
  const ImageTensors tensors(std::move(images));
  const ImageList list = tensors.list();
  const int64_t N = matrices.dim() > 0 ? matrices.size(0) : 0;
  const auto to_image = inverse_matrices(device, matrices, N);
  check(height > 0 && width > 0, "size must be positive");
  if (image_index.has_value()) {
    image_index = checked_indices(device, "image_index", *image_index, N);
  } else {
    check(list.count == 1 || list.count == N,
          "without image_index there must be one image, or one for each matrix");
  }
  const CropBatch<decltype(to_image.data())> batch{list,
                                                   data<int64_t>(image_index),
                                                   to_image.data(),
                                                   N,
                                                   height,
                                                   width,
                                                   make_normalization(gain, bias, swap_rb, fill)};
  Tensor crops = device.empty({N, 3, height, width}, dtype);
  dispatch_crops(dtype,
                 [&](auto zero) { run_crop(device, batch, mutable_data<decltype(zero)>(crops)); });
  return crops;
}

}  // namespace rmpe::ops
