#include "cuda/nearby_joints_nms.h"

#include "ops/nearby_joints_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {

template <typename T>
void run_nearby_joints_nms(const Cuda& device, const PoseList<T>& poses,
                           const NearbyJointsParameters& parameters, const CudaImageIndex& images,
                           int64_t N, bool* keep, int64_t* suppressor) {
  Tensor scratch =
      device.scratch(cuda::nearby_joints_nms_scratch_bytes<T>(N, images.many_images()));
  cuda::launch_nearby_joints_nms(poses, parameters, images.data(), N, scratch.mutable_data_ptr(),
                                 device.stream(), keep, suppressor);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("nearby_joints_nms", TORCH_BOX(&nearby_joints_nms<Cuda>));
}

}  // namespace rmpe::ops
