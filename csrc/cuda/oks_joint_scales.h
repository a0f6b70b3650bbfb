// oks_joint_scale of every joint, computed once before a launch.
#pragma once

#include <cstdint>

#include "core/oks_nms.h"
#include "cuda/device.h"
#include "cuda/grid_size.h"

namespace rmpe::cuda {

constexpr int kScaleThreads = 128;

template <typename T>
__global__ void __launch_bounds__(kScaleThreads)
    oks_joint_scale_kernel(const T* __restrict__ sigmas,  // [K]
                           int64_t K,
                           // outputs
                           T* __restrict__ scales) {  // [K]
  const int64_t n = int64_t(blockIdx.x) * kScaleThreads + threadIdx.x;
  if (n < K) scales[n] = oks_joint_scale(sigmas[n]);
}

template <typename T>
void launch_joint_scales(const T* sigmas, int64_t K, cudaStream_t stream, T* scales) {
  launch(oks_joint_scale_kernel<T>, dim3(grid_size("joints", K, kScaleThreads)),
         dim3(kScaleThreads), 0, stream, sigmas, K, scales);
}

}  // namespace rmpe::cuda
