#pragma once

#include <cstdint>

#include "core/crop.h"
#include "cuda/device.h"
#include "cuda/floats.h"

namespace rmpe::cuda {

// images.listed is on the host.
using CropBatch = rmpe::CropBatch<InverseMatrices>;

// Stored: float, Half, BFloat16. A crop whose image_index is out of range is filled.
template <typename Stored>
void launch_crop(const CropBatch& batch, cudaStream_t stream,
                 // outputs
                 Stored* crops);  // [N, 3, height, width]

}  // namespace rmpe::cuda
