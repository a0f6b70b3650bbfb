#include "cuda/merge_poses.h"

#include "ops/merge_poses.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor, Tensor> merge_poses_cuda(Tensor keypoints, Tensor scores, Tensor boxes,
                                                    Tensor suppressor, double merge_box,
                                                    double merge_radius, double min_score,
                                                    double zero_score) {
  const OnDeviceOf device(keypoints);
  const MergeParameters parameters{merge_box, merge_radius, min_score, zero_score};
  const PoseTensors poses(keypoints, scores);
  check_beside(poses);
  const Tensor dense_boxes = dense_beside(keypoints, "boxes", boxes, {poses.N, 4});
  check_beside("suppressor", suppressor, keypoints);
  const Tensor removed_by = dense_indices("suppressor", suppressor, poses.N);
  const ScalarType dtype = keypoints.scalar_type();
  Tensor merged_keypoints = empty_beside(keypoints, {poses.N, poses.K, 2}, dtype);
  Tensor merged_scores = empty_beside(keypoints, {poses.N, poses.K}, dtype);
  Tensor keep = empty_beside(keypoints, {poses.N}, ScalarType::Bool);
  Tensor scratch = scratch_beside(keypoints, cuda::merge_poses_scratch_bytes(poses.N));
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    cuda::launch_merge_poses(data<T>(poses.keypoints), data<T>(poses.scores), data<T>(dense_boxes),
                             data<int64_t>(removed_by), poses.N, poses.K, parameters,
                             scratch.mutable_data_ptr(), device.stream(),
                             mutable_data<T>(merged_keypoints), mutable_data<T>(merged_scores),
                             mutable_data<bool>(keep));
  });
  return {merged_keypoints, merged_scores, keep};
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("merge_poses", TORCH_BOX(&merge_poses_cuda));
}

}  // namespace
}  // namespace rmpe::ops
