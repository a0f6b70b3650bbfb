#include "cuda/oks_nms.h"

#include "ops/oks_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor> oks_nms_cuda(Tensor keypoints, Tensor scores, Tensor areas,
                                        Tensor sigmas, std::optional<Tensor> pose_scores,
                                        std::optional<Tensor> image_index, double threshold) {
  const OnDeviceOf device(keypoints);
  const PoseTensors poses(keypoints, scores, pose_scores);
  check_beside(poses);
  const Tensor dense_areas = dense_beside(keypoints, "areas", areas, {poses.N});
  const Tensor dense_sigmas = dense_beside(keypoints, "sigmas", sigmas, {poses.K});
  const ImageIndex images(image_index, poses.N, keypoints);
  return dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    const size_t bytes = cuda::oks_nms_scratch_bytes<T>(poses.N, poses.K, images.many_images());
    return suppress_beside(
        keypoints, poses.N, bytes, [&](void* scratch, bool* keep, int64_t* suppressor) {
          cuda::launch_oks_nms(poses.list<T>(), data<T>(dense_areas), data<T>(dense_sigmas),
                               threshold, images.data(), poses.N, scratch, device.stream(), keep,
                               suppressor);
        });
  });
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("oks_nms", TORCH_BOX(&oks_nms_cuda)); }

}  // namespace
}  // namespace rmpe::ops
