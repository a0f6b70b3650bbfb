#pragma once

#include <cstdint>

#include "../core/decode_simcc.h"
#include "../core/half.h"

namespace rmpe::cpu {

template <typename Stored>
struct SimccBatch {
  SimccVectors<Stored> x, y;     // both flipped, or neither
  const int64_t* swapped_joint;  // [K], the flipped joint that is joint k; not read for none
  const Affine* to_image;        // [N], crop pixel -> image pixel, or null for crop pixels
  int64_t K;
  double split_ratio;  // bins per crop pixel
};

// Decodes the joints [begin, end) of the N * K.
template <typename Stored>
void decode_simcc(const SimccBatch<Stored>& batch, int64_t begin, int64_t end,
                  // outputs
                  typename Widened<Stored>::type* keypoints,  // [N, K, 2]
                  typename Widened<Stored>::type* scores);    // [N, K]

}  // namespace rmpe::cpu
