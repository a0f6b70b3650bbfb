#include "cuda/crop.h"

#include "ops/crop.h"
#include "torch/cuda/geometry.h"

namespace rmpe::ops {

template <typename Stored>
void run_crop(const Cuda& device, const cuda::CropBatch& batch, Stored* crops) {
  cuda::launch_crop(batch, device.stream(), crops);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("crop", TORCH_BOX(&crop<Cuda>)); }

}  // namespace rmpe::ops
