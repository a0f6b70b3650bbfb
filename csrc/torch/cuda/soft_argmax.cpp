#include "cuda/soft_argmax.h"

#include "ops/soft_argmax.h"
#include "torch/cuda/device.h"

namespace rmpe::ops {

template <typename Stored, typename T>
void run_soft_argmax(const Cuda& device, const Stored* heatmaps, int64_t maps, int64_t height,
                     int64_t width, T beta, T* keypoints, Partition<T>* partition) {
  cuda::launch_soft_argmax(heatmaps, maps, height, width, beta, device.stream(), keypoints,
                           partition);
}

template <typename Stored, typename T>
void run_soft_argmax_backward(const Cuda& device, const T* grad, const Stored* heatmaps,
                              const T* keypoints, const Partition<T>* partition, int64_t maps,
                              int64_t height, int64_t width, T beta, Stored* grad_heatmaps) {
  cuda::launch_soft_argmax_backward(grad, heatmaps, keypoints, partition, maps, height, width, beta,
                                    device.stream(), grad_heatmaps);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("soft_argmax", TORCH_BOX(&soft_argmax<Cuda>));
  m.impl("soft_argmax_backward", TORCH_BOX(&soft_argmax_backward<Cuda>));
}

}  // namespace rmpe::ops
