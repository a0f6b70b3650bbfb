#include "cuda/soft_argmax.h"

#include "ops/soft_argmax.h"
#include "torch/cuda/common.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor> soft_argmax_cuda(Tensor heatmaps, double beta) {
  const OnDeviceOf device(heatmaps);
  check_heatmaps(heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  const Tensor maps = dense(heatmaps);
  const ScalarType dtype = widened(maps.scalar_type());
  Tensor keypoints = empty_beside(maps, {N, K, 2}, dtype);
  Tensor partition = empty_beside(maps, {N, K, 2}, dtype);
  dispatch_stored("heatmaps", maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = typename Widened<Stored>::type;
    cuda::launch_soft_argmax(static_cast<const Stored*>(maps.const_data_ptr()), N * K, height,
                             width, T(beta), device.stream(),
                             static_cast<T*>(keypoints.mutable_data_ptr()),
                             static_cast<Partition<T>*>(partition.mutable_data_ptr()));
  });
  return {keypoints, partition};
}

Tensor soft_argmax_backward_cuda(Tensor grad, Tensor heatmaps, Tensor keypoints, Tensor partition,
                                 double beta) {
  const OnDeviceOf device(grad);
  check_heatmaps(heatmaps);
  for (const Tensor* means : {&grad, &keypoints, &partition}) check_means(*means, heatmaps);
  check_beside("heatmaps", heatmaps, grad);
  check_beside("keypoints", keypoints, grad);
  check_beside("partition", partition, grad);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  const Tensor maps = dense(heatmaps), gradients = dense(grad), means = dense(keypoints);
  const Tensor partitions = dense(partition);
  Tensor grad_heatmaps = empty_beside(maps, {N, K, height, width}, maps.scalar_type());
  dispatch_stored("heatmaps", maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = typename Widened<Stored>::type;
    cuda::launch_soft_argmax_backward(static_cast<const T*>(gradients.const_data_ptr()),
                                      static_cast<const Stored*>(maps.const_data_ptr()),
                                      static_cast<const T*>(means.const_data_ptr()),
                                      static_cast<const Partition<T>*>(partitions.const_data_ptr()),
                                      N * K, height, width, T(beta), device.stream(),
                                      static_cast<Stored*>(grad_heatmaps.mutable_data_ptr()));
  });
  return grad_heatmaps;
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("soft_argmax", TORCH_BOX(&soft_argmax_cuda));
  m.impl("soft_argmax_backward", TORCH_BOX(&soft_argmax_backward_cuda));
}

}  // namespace
}  // namespace rmpe::ops
