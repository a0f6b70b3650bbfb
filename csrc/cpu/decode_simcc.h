#pragma once

#include <cstdint>

#include "../core/decode_simcc.h"
#include "../core/half.h"

namespace rmpe::cpu {

// to_image: [N]; null: keypoints in crop pixels.
template <typename Stored>
using SimccBatch = rmpe::SimccBatch<Stored, const Affine*>;

// Decodes joints [begin, end) of the N * K joints. Stored: float, double, Half or BFloat16.
template <typename Stored>
void decode_simcc(const SimccBatch<Stored>& batch, int64_t begin, int64_t end,
                  // outputs
                  ComputeType<Stored>* keypoints,  // [N, K, 2]
                  ComputeType<Stored>* scores);    // [N, K]

}  // namespace rmpe::cpu
