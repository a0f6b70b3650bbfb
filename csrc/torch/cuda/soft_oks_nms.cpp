#include "cuda/soft_oks_nms.h"

#include "ops/soft_oks_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {

template <typename T>
void run_soft_oks_nms(const Cuda& device, const PoseList<T>& poses, const T* areas, const T* sigmas,
                      const SoftOksParameters& parameters, const CudaImageIndex& images, int64_t N,
                      bool* keep, T* decayed_scores, int64_t* rank) {
  Tensor scratch =
      device.scratch(cuda::soft_oks_nms_scratch_bytes<T>(N, poses.K, images.many_images()));
  cuda::launch_soft_oks_nms(poses, areas, sigmas, parameters, images.data(), N,
                            scratch.mutable_data_ptr(), device.stream(), keep, decayed_scores,
                            rank);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("soft_oks_nms", TORCH_BOX(&soft_oks_nms<Cuda>));
}

}  // namespace rmpe::ops
