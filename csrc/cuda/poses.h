// Flags poses and boxes with values that are not finite.
#pragma once

#include <cstdint>

#include "core/poses.h"
#include "cuda/device.h"

namespace rmpe::cuda {

// Sets the flags of those of `count` items from `first` on that have a value that is not finite.
// The threads of a block share the values; neighboring threads read neighboring values.
template <typename T>
__device__ void flag_not_finite(const T* values,  // [N, width]
                                int64_t width, int64_t first, int64_t count,
                                unsigned* flags) {  // [count]
  for (int64_t i = threadIdx.x; i < count * width; i += blockDim.x) {
    if (!is_finite(values[first * width + i])) atomicOr(&flags[i / width], 1u);
  }
}

template <typename T>
__device__ void flag_not_finite(const PoseList<T>& poses, int64_t first, int64_t count,
                                unsigned* flags) {
  flag_not_finite(poses.keypoints, 2 * poses.K, first, count, flags);
  flag_not_finite(poses.scores, poses.K, first, count, flags);
}

}  // namespace rmpe::cuda
