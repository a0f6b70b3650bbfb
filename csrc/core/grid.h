// How the pixels of a coarse grid lie on those of a fine one, such as those of a heatmap on the
// crop. rmpe_ext/conventions.py says which convention has which.
#pragma once

#include <cstdint>

#include "macros.h"

namespace rmpe {

enum class Grid {
  kAsymmetric,    // the centers of the first pixels coincide
  kHalfPixel,     // the outer edges coincide
  kAlignCorners,  // the centers of the outer pixels coincide
};

// Fine pixels per coarse pixel along a side of `size` coarse and stride * size fine pixels. With a
// single pixel any gain will do: its coordinate is 0.
RMPE_HD double grid_gain(Grid grid, double stride, int64_t size) {
  return grid == Grid::kAlignCorners && size > 1 ? (stride * double(size) - 1.0) / double(size - 1)
                                                 : stride;
}

// An asymmetric grid is not mirror-symmetric: in a mirrored image, coarse pixel x lies on fine
// pixel stride * x + stride - 1. The flipped-back map is shifted one pixel right before averaging.
RMPE_HD bool shifts_in_mirror(Grid grid) { return grid == Grid::kAsymmetric; }

}  // namespace rmpe
