// The threads that run in step, and what they come to together.
#pragma once

#include "cuda/device.h"

namespace rmpe::cuda {

constexpr int kWarpSize = 32;  // the host, which counts blocks, does not know warpSize
constexpr unsigned kAllLanes = ~0u;

// In every lane, and always added in the same order.
template <typename T>
__device__ T warp_sum(T value) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, distance);
  }
  return value;
}

// In every lane; of numbers, no NaN.
template <typename T>
__device__ T warp_max(T value) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, value, distance);
    value = other > value ? other : value;
  }
  return value;
}

}  // namespace rmpe::cuda
