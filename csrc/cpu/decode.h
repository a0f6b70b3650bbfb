#pragma once

#include <cstdint>

#include "../core/decode.h"
#include "../core/half.h"

namespace rmpe::cpu {

template <typename Stored>
struct DecodeBatch {
  Heatmaps<Stored> heatmaps;
  Heatmaps<Stored> flipped;      // of the mirrored images; data is null for none
  const int64_t* swapped_joint;  // [K], the joint of `flipped` that is joint k; not read for none
  const Affine* to_image;        // [N], crop pixel -> image pixel, or null for heatmap pixels
  int64_t K, height, width;
  DecodeConvention convention;
};

// Decodes the maps [begin, end) of the N * K.
template <typename Stored>
void decode(const DecodeBatch<Stored>& batch, int64_t begin, int64_t end,
            // outputs
            typename Widened<Stored>::type* keypoints,  // [N, K, 2]
            typename Widened<Stored>::type* scores);    // [N, K]

}  // namespace rmpe::cpu
