#pragma once

#include <cstdint>

#include "core/crop_matrices.h"
#include "cuda/device.h"
#include "cuda/floats.h"

namespace rmpe::cuda {

// T is float or double.
template <typename T>
void launch_crop_matrices(const T* boxes,          // [N, 4]
                          const Floats& rotation,  // [N], degrees; null: upright
                          const CropGeometry& geometry, int64_t N, cudaStream_t stream,
                          // outputs
                          T* matrices);  // [N, 2, 3]

}  // namespace rmpe::cuda
