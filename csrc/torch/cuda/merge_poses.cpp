#include "cuda/merge_poses.h"

#include "ops/merge_poses.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {

template <typename T>
void run_merge_poses(const Cuda& device, const PoseList<T>& poses, const T* boxes,
                     const int64_t* suppressor, int64_t N, const MergeParameters& parameters,
                     T* merged_keypoints, T* merged_scores, bool* keep) {
  Tensor scratch = device.scratch(cuda::merge_poses_scratch_bytes(N));
  cuda::launch_merge_poses(poses.keypoints, poses.scores, boxes, suppressor, N, poses.K, parameters,
                           scratch.mutable_data_ptr(), device.stream(), merged_keypoints,
                           merged_scores, keep);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("merge_poses", TORCH_BOX(&merge_poses<Cuda>));
}

}  // namespace rmpe::ops
