#include "cuda/oks_nms.h"

#include "ops/oks_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {

template <typename T>
void run_oks_nms(const Cuda& device, const PoseList<T>& poses, const T* areas, const T* sigmas,
                 double threshold, const CudaImageIndex& images, int64_t N, bool* keep,
                 int64_t* suppressor) {
  Tensor scratch = device.scratch(cuda::oks_nms_scratch_bytes<T>(N, poses.K, images.many_images()));
  cuda::launch_oks_nms(poses, areas, sigmas, threshold, images.data(), N,
                       scratch.mutable_data_ptr(), device.stream(), keep, suppressor);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("oks_nms", TORCH_BOX(&oks_nms<Cuda>)); }

}  // namespace rmpe::ops
