#include "cuda/pose_similarity.h"

#include "ops/pose_similarity.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {
namespace {

Tensor pose_similarity_cuda(Tensor keypoints, Tensor scores, Tensor boxes, double sigma1,
                            double sigma2, double lam, bool squared, bool box_unit,
                            double match_box, double match_radius) {
  const OnDeviceOf device(keypoints);
  const PoseNMSParameters parameters =
      similarity_parameters(sigma1, sigma2, lam, squared, box_unit, match_box, match_radius);
  const PoseTensors poses(keypoints, scores);
  check_beside(poses);
  const Tensor dense_boxes = dense_beside(keypoints, "boxes", boxes, {poses.N, 4});
  Tensor similarity = empty_beside(keypoints, {poses.N, poses.N}, keypoints.scalar_type());
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    cuda::launch_pose_similarity(poses.list<T>(), data<T>(dense_boxes), parameters, poses.N,
                                 device.stream(), mutable_data<T>(similarity));
  });
  return similarity;
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("pose_similarity", TORCH_BOX(&pose_similarity_cuda));
}

}  // namespace
}  // namespace rmpe::ops
