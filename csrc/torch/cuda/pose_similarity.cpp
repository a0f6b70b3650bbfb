#include "cuda/pose_similarity.h"

#include "ops/pose_similarity.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {

template <typename T>
void run_pose_similarity(const Cuda& device, const PoseList<T>& poses, const T* boxes,
                         const PoseNMSParameters& parameters, int64_t N, T* similarity) {
  cuda::launch_pose_similarity(poses, boxes, parameters, N, device.stream(), similarity);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("pose_similarity", TORCH_BOX(&pose_similarity<Cuda>));
}

}  // namespace rmpe::ops
