#pragma once

#include <cstdint>

#include "core/crop.h"
#include "cuda/device.h"
#include "cuda/floats.h"

namespace rmpe::cuda {

// The list of images itself is on the host.
using CropBatch = rmpe::CropBatch<InverseMatrices>;

// Stored: float, Half, BFloat16. A crop whose image_index is none is all fill.
template <typename Stored>
void launch_crop(const CropBatch& batch, cudaStream_t stream,
                 // outputs
                 Stored* crops);  // [N, 3, height, width]

}  // namespace rmpe::cuda
