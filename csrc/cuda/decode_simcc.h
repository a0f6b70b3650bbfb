#pragma once

#include <cstdint>

#include "core/decode_simcc.h"
#include "core/half.h"
#include "cuda/device.h"
#include "cuda/image_maps.h"

namespace rmpe::cuda {

// swapped_joint is on the host. Without to_image: keypoints in crop pixels.
template <typename Stored>
using SimccBatch = rmpe::SimccBatch<Stored, ImageMaps>;

// Stored: float, double, Half, BFloat16.
template <typename Stored>
void launch_decode_simcc(const SimccBatch<Stored>& batch, cudaStream_t stream,
                         // outputs
                         ComputeType<Stored>* keypoints,  // [N, K, 2]
                         ComputeType<Stored>* scores);    // [N, K]

}  // namespace rmpe::cuda
