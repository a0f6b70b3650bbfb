#include "cuda/crop_matrices.h"

#include "ops/crop_matrices.h"
#include "torch/cuda/device.h"

namespace rmpe::ops {

template <typename T>
void run_crop_matrices(const Cuda& device, const T* boxes, const std::optional<Tensor>& rotation,
                       const CropGeometry& geometry, int64_t N, T* matrices) {
  cuda::launch_crop_matrices(boxes, as_floats(rotation), geometry, N, device.stream(), matrices);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("crop_matrices", TORCH_BOX(&crop_matrices<Cuda>));
}

}  // namespace rmpe::ops
