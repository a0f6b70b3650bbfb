#include "cuda/decode.h"

#include "ops/decode.h"
#include "torch/cuda/geometry.h"

namespace rmpe::ops {

template <typename Stored, typename T>
void run_decode(const Cuda& device, const cuda::DecodeBatch<Stored>& batch, T* keypoints,
                T* scores) {
  cuda::launch_decode(batch, device.stream(), keypoints, scores);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("decode", TORCH_BOX(&decode<Cuda>)); }

}  // namespace rmpe::ops
