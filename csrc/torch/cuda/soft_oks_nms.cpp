#include "cuda/soft_oks_nms.h"

#include "ops/soft_oks_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor, Tensor> soft_oks_nms_cuda(Tensor keypoints, Tensor scores, Tensor areas,
                                                     Tensor sigmas,
                                                     std::optional<Tensor> pose_scores,
                                                     std::optional<Tensor> image_index,
                                                     double threshold, int64_t max_kept) {
  const OnDeviceOf device(keypoints);
  const PoseTensors poses(keypoints, scores, pose_scores);
  check_beside(poses);
  const Tensor dense_areas = dense_beside(keypoints, "areas", areas, {poses.N});
  const Tensor dense_sigmas = dense_beside(keypoints, "sigmas", sigmas, {poses.K});
  const ImageIndex images(image_index, poses.N, keypoints);
  Tensor keep = empty_beside(keypoints, {poses.N}, ScalarType::Bool);
  Tensor decayed = empty_beside(keypoints, {poses.N}, keypoints.scalar_type());
  Tensor rank = empty_beside(keypoints, {poses.N}, ScalarType::Long);
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    Tensor scratch = scratch_beside(
        keypoints, cuda::soft_oks_nms_scratch_bytes<T>(poses.N, poses.K, images.many_images()));
    cuda::launch_soft_oks_nms(poses.list<T>(), data<T>(dense_areas), data<T>(dense_sigmas),
                              threshold, max_kept, images.data(), poses.N,
                              scratch.mutable_data_ptr(), device.stream(), mutable_data<bool>(keep),
                              mutable_data<T>(decayed), mutable_data<int64_t>(rank));
  });
  return {keep, decayed, rank};
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("soft_oks_nms", TORCH_BOX(&soft_oks_nms_cuda));
}

}  // namespace
}  // namespace rmpe::ops
