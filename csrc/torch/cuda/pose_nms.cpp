#include "cuda/pose_nms.h"

#include "ops/pose_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor> pose_nms_cuda(Tensor keypoints, Tensor scores, Tensor boxes,
                                         std::optional<Tensor> pose_scores,
                                         std::optional<Tensor> image_index, double sigma1,
                                         double sigma2, double lam, double eta, bool squared,
                                         bool box_unit, double match_box, double match_radius,
                                         int64_t near_joints, double near_radius, double near_box) {
  const OnDeviceOf device(keypoints);
  const PoseNMSParameters parameters{sigma1,      sigma2,      lam,       eta,
                                     squared,     box_unit,    match_box, match_radius,
                                     near_joints, near_radius, near_box};
  const PoseTensors poses(keypoints, scores, pose_scores);
  check_beside(poses);
  const Tensor dense_boxes = dense_beside(keypoints, "boxes", boxes, {poses.N, 4});
  const ImageIndex images(image_index, poses.N, keypoints);
  return dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    const size_t bytes = cuda::pose_nms_scratch_bytes<T>(poses.N, images.many_images());
    return suppress_beside(
        keypoints, poses.N, bytes, [&](void* scratch, bool* keep, int64_t* suppressor) {
          cuda::launch_pose_nms(poses.list<T>(), data<T>(dense_boxes), parameters, images.data(),
                                poses.N, scratch, device.stream(), keep, suppressor);
        });
  });
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("pose_nms", TORCH_BOX(&pose_nms_cuda)); }

}  // namespace
}  // namespace rmpe::ops
