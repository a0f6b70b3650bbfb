#include "cuda/box_nms.h"

#include "ops/box_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {

template <typename T>
void run_box_nms(const Cuda& device, const T* boxes, const T* scores, double threshold,
                 const CudaImageIndex& images, int64_t N, bool* keep, int64_t* suppressor) {
  Tensor scratch = device.scratch(cuda::box_nms_scratch_bytes<T>(N, images.many_images()));
  cuda::launch_box_nms(boxes, scores, threshold, images.data(), N, scratch.mutable_data_ptr(),
                       device.stream(), keep, suppressor);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("box_nms", TORCH_BOX(&box_nms<Cuda>)); }

}  // namespace rmpe::ops
