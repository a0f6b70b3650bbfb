#include "cuda/nearby_joints_nms.h"

#include "ops/nearby_joints_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor> nearby_joints_nms_cuda(Tensor keypoints, Tensor scores,
                                                  std::optional<Tensor> pose_scores,
                                                  std::optional<Tensor> image_index,
                                                  double distance, int64_t max_near) {
  const OnDeviceOf device(keypoints);
  const PoseTensors poses(keypoints, scores, pose_scores);
  check_beside(poses);
  const ImageIndex images(image_index, poses.N, keypoints);
  return dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    const size_t bytes = cuda::nearby_joints_nms_scratch_bytes<T>(poses.N, images.many_images());
    return suppress_beside(
        keypoints, poses.N, bytes, [&](void* scratch, bool* keep, int64_t* suppressor) {
          cuda::launch_nearby_joints_nms(poses.list<T>(), distance, max_near, images.data(),
                                         poses.N, scratch, device.stream(), keep, suppressor);
        });
  });
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("nearby_joints_nms", TORCH_BOX(&nearby_joints_nms_cuda));
}

}  // namespace
}  // namespace rmpe::ops
