#include "cuda/pose_nms.h"

#include "ops/pose_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {

template <typename T>
void run_pose_nms(const Cuda& device, const PoseList<T>& poses, const T* boxes,
                  const PoseNMSParameters& parameters, const CudaImageIndex& images, int64_t N,
                  bool* keep, int64_t* suppressor) {
  Tensor scratch = device.scratch(cuda::pose_nms_scratch_bytes<T>(N, images.many_images()));
  cuda::launch_pose_nms(poses, boxes, parameters, images.data(), N, scratch.mutable_data_ptr(),
                        device.stream(), keep, suppressor);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("pose_nms", TORCH_BOX(&pose_nms<Cuda>)); }

}  // namespace rmpe::ops
