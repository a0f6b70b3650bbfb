#pragma once

#include <cstdint>

#include "core/crop.h"
#include "cuda/device.h"
#include "cuda/floats.h"

namespace rmpe::cuda {

struct CropBatch {
  ImageList images;            // the list itself is on the host
  const int64_t* image_index;  // [N], null: the only image, or the n-th of N
  Floats matrices;             // [N, 2, 3], image pixel -> crop pixel
  int64_t N, height, width;    // height and width of every crop
  Normalization normalization;
};

// Stored: float, Half, BFloat16. A crop whose image_index is none is all fill.
template <typename Stored>
void launch_crop(const CropBatch& batch, cudaStream_t stream,
                 // outputs
                 Stored* crops);  // [N, 3, height, width]

}  // namespace rmpe::cuda
