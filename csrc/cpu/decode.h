#pragma once

#include <cstdint>

#include "../core/decode.h"
#include "../core/half.h"

namespace rmpe::cpu {

// to_image: [N]; null: keypoints in heatmap pixels.
template <typename Stored>
using DecodeBatch = rmpe::DecodeBatch<Stored, const Affine*>;

// Decodes maps [begin, end) of the N * K maps. Stored: float, double, Half or BFloat16.
template <typename Stored>
void decode(const DecodeBatch<Stored>& batch, int64_t begin, int64_t end,
            // outputs
            ComputeType<Stored>* keypoints,  // [N, K, 2]
            ComputeType<Stored>* scores);    // [N, K]

}  // namespace rmpe::cpu
