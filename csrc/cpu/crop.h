#pragma once

#include <cstdint>

#include "../core/crop.h"

namespace rmpe::cpu {

struct CropBatch {
  ImageList images;
  const int64_t* image_index;  // [N], null: the only image, or the n-th of N
  const Affine* inverses;      // [N], crop pixel -> image pixel
  int64_t height, width;       // of every crop
  Normalization normalization;
};

// Writes the rows [begin, end) of the N * height rows of all crops. Stored: float, Half, BFloat16.
template <typename Stored>
void crop(const CropBatch& batch, int64_t begin, int64_t end,
          // outputs
          Stored* crops);  // [N, 3, height, width]

}  // namespace rmpe::cpu
