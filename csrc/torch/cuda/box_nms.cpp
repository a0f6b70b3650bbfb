#include "cuda/box_nms.h"

#include "ops/box_nms.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor> box_nms_cuda(Tensor boxes, Tensor scores, double threshold,
                                        std::optional<Tensor> image_index) {
  const OnDeviceOf device(boxes);
  const BoxTensors scored(boxes, scores);
  check_beside("scores", scores, boxes);
  const ImageIndex images(image_index, scored.N, boxes);
  return dispatch_floating(boxes, [&](auto zero) {
    using T = decltype(zero);
    const size_t bytes = cuda::box_nms_scratch_bytes<T>(scored.N, images.many_images());
    return suppress_beside(
        boxes, scored.N, bytes, [&](void* scratch, bool* keep, int64_t* suppressor) {
          cuda::launch_box_nms(data<T>(scored.boxes), data<T>(scored.scores), threshold,
                               images.data(), scored.N, scratch, device.stream(), keep, suppressor);
        });
  });
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("box_nms", TORCH_BOX(&box_nms_cuda)); }

}  // namespace
}  // namespace rmpe::ops
