// From crops to images, on the device.
#pragma once

#include "cuda/floats.h"

namespace rmpe::cuda {

// Crop pixel -> image pixel of every person: through theta, where there is any, from the
// transformed crop into the crop, and then through the inverse of the crop's matrix.
struct ImageMaps {
  Floats matrices, theta;  // [N, 2, 3], or not given
  double height, width;    // of either crop
  bool align_corners;

  RMPE_HD bool are_given() const { return matrices.data || theta.data; }
};

}  // namespace rmpe::cuda
