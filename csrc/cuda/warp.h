// Warps, and reductions over their lanes.
#pragma once

#include "cuda/device.h"

namespace rmpe::cuda {

constexpr int kWarpSize = 32;  // the host needs it too, and warpSize is for device code only
constexpr unsigned kAllLanes = ~0u;

// The sum over all lanes, in every lane. The order of the additions is fixed.
template <typename T>
__device__ T warp_sum(T value) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, distance);
  }
  return value;
}

// The maximum over all lanes, in every lane. No value may be NaN.
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
