// Matrices as the kernels read them; see ops/geometry.h for the CPU's.
#pragma once

#include <cstdint>
#include <optional>

#include "cuda/image_maps.h"
#include "ops/geometry.h"
#include "torch/cuda/device.h"

namespace rmpe::ops {

class CudaInverseMatrices {
 public:
  explicit CudaInverseMatrices(const Tensor& matrices) : matrices_(matrices) {}

  cuda::InverseMatrices data() const { return {as_floats(matrices_)}; }

 private:
  std::optional<Tensor> matrices_;
};

inline CudaInverseMatrices inverse_matrices(const Cuda& device, const Tensor& matrices, int64_t N) {
  return CudaInverseMatrices(checked_matrices(device, "matrices", matrices, N));
}

class CudaImageMaps {
 public:
  CudaImageMaps(const Cuda& device, const CropToImage& given, int64_t N)
      : matrices_(checked_matrices(device, "matrices", given.matrices, N)),
        theta_(checked_matrices(device, "theta", given.theta, N)),
        height_(given.height),
        width_(given.width),
        align_corners_(given.align_corners) {}

  cuda::ImageMaps data() const {
    return {as_floats(matrices_), as_floats(theta_), height_, width_, align_corners_};
  }

 private:
  std::optional<Tensor> matrices_, theta_;
  double height_, width_;
  bool align_corners_;
};

inline CudaImageMaps image_maps(const Cuda& device, const CropToImage& given, int64_t N) {
  return CudaImageMaps(device, given, N);
}

}  // namespace rmpe::ops
