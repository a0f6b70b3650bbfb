#pragma once

#include <cstdint>

#include "core/decode_simcc.h"
#include "core/half.h"
#include "cuda/device.h"
#include "cuda/image_maps.h"

namespace rmpe::cuda {

template <typename Stored>
struct SimccBatch {
  SimccVectors<Stored> x, y;     // both flipped, or neither
  const int64_t* swapped_joint;  // [K], on the host; as for the CPU
  ImageMaps to_image;            // not given: keypoints in crop pixels
  int64_t N, K;
  double split_ratio;  // bins per crop pixel
};

// Stored: float, double, Half, BFloat16.
template <typename Stored>
void launch_decode_simcc(const SimccBatch<Stored>& batch, cudaStream_t stream,
                         // outputs
                         typename Widened<Stored>::type* keypoints,  // [N, K, 2]
                         typename Widened<Stored>::type* scores);    // [N, K]

}  // namespace rmpe::cuda
