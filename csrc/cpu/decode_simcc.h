#pragma once

#include <cstdint>

#include "../core/decode_simcc.h"
#include "../core/half.h"

namespace rmpe::cpu {

// to_image: null for none.
template <typename Stored>
using SimccBatch = rmpe::SimccBatch<Stored, const Affine*>;

// Decodes the joints [begin, end) of the N * K.
template <typename Stored>
void decode_simcc(const SimccBatch<Stored>& batch, int64_t begin, int64_t end,
                  // outputs
                  ComputeType<Stored>* keypoints,  // [N, K, 2]
                  ComputeType<Stored>* scores);    // [N, K]

}  // namespace rmpe::cpu
