#pragma once

#include <cstdint>

#include "../core/crop.h"

namespace rmpe::cpu {

using CropBatch = rmpe::CropBatch<const Affine*>;

// Writes rows [begin, end) of the N * height rows of all crops. Stored: float, Half, BFloat16.
template <typename Stored>
void crop(const CropBatch& batch, int64_t begin, int64_t end,
          // outputs
          Stored* crops);  // [N, 3, height, width]

}  // namespace rmpe::cpu
