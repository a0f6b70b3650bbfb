// Items by image as the kernels read them; see ops/poses.h for the CPU's.
#pragma once

#include <cstdint>
#include <optional>

#include "ops/poses.h"
#include "torch/cuda/device.h"

namespace rmpe::ops {

class CudaImageIndex {
 public:
  explicit CudaImageIndex(std::optional<Tensor> index) : index_(std::move(index)) {}

  bool many_images() const { return index_.has_value(); }

  // [N], null: one image.
  const int64_t* data() const { return ops::data<int64_t>(index_); }

 private:
  std::optional<Tensor> index_;
};

inline CudaImageIndex group_images(const Cuda& device, const std::optional<Tensor>& image_index,
                                   int64_t N) {
  if (!image_index.has_value()) return CudaImageIndex(std::nullopt);
  return CudaImageIndex(checked_indices(device, "image_index", *image_index, N));
}

}  // namespace rmpe::ops
