#pragma once

#include <cstdint>

#include "core/decode.h"
#include "core/half.h"
#include "cuda/device.h"
#include "cuda/image_maps.h"

namespace rmpe::cuda {

template <typename Stored>
struct DecodeBatch {
  Heatmaps<Stored> heatmaps;
  Heatmaps<Stored> flipped;      // of the mirrored images; data is null for none
  const int64_t* swapped_joint;  // [K], on the host; as for the CPU
  ImageMaps to_image;            // not given: keypoints in heatmap pixels
  int64_t N, K, height, width;
  DecodeConvention convention;
};

// Stored: float, double, Half, BFloat16.
template <typename Stored>
void launch_decode(const DecodeBatch<Stored>& batch, cudaStream_t stream,
                   // outputs
                   typename Widened<Stored>::type* keypoints,  // [N, K, 2]
                   typename Widened<Stored>::type* scores);    // [N, K]

}  // namespace rmpe::cuda
