#include "cuda/decode_simcc.h"

#include "ops/decode_simcc.h"
#include "torch/cuda/geometry.h"

namespace rmpe::ops {

template <typename Stored, typename T>
void run_decode_simcc(const Cuda& device, const cuda::SimccBatch<Stored>& batch, T* keypoints,
                      T* scores) {
  cuda::launch_decode_simcc(batch, device.stream(), keypoints, scores);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("decode_simcc", TORCH_BOX(&decode_simcc<Cuda>));
}

}  // namespace rmpe::ops
