#pragma once

#include <cstdint>

#include "core/decode.h"
#include "core/half.h"
#include "cuda/device.h"
#include "cuda/image_maps.h"

namespace rmpe::cuda {

// swapped_joint is on the host. Without to_image: keypoints in heatmap pixels.
template <typename Stored>
using DecodeBatch = rmpe::DecodeBatch<Stored, ImageMaps>;

// Stored: float, double, Half, BFloat16.
template <typename Stored>
void launch_decode(const DecodeBatch<Stored>& batch, cudaStream_t stream,
                   // outputs
                   ComputeType<Stored>* keypoints,  // [N, K, 2]
                   ComputeType<Stored>* scores);    // [N, K]

}  // namespace rmpe::cuda
