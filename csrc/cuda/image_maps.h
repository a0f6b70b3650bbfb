// Maps from crops to images, on the device.
#pragma once

#include "cuda/floats.h"

namespace rmpe::cuda {

// Crop pixel -> image pixel of each person: through theta, if given, from the resampled crop to the
// crop, then through the inverse of the matrix of the crop.
struct ImageMaps {
  Floats matrices, theta;  // [N, 2, 3], either may be null
  double height, width;    // of both crops
  bool align_corners;

  RMPE_HD bool are_given() const { return matrices.data || theta.data; }
};

}  // namespace rmpe::cuda
