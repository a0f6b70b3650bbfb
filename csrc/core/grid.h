// How the pixels of a coarse grid lie on those of a fine one; see rmpe_ext/conventions.py.
#pragma once

#include <cstdint>

#include "macros.h"

namespace rmpe {

enum class Grid {
  kAsymmetric,    // pixel 0 on pixel 0
  kHalfPixel,     // areas coincide
  kAlignCorners,  // the centres of the outer pixels coincide
};

// Fine pixels per coarse pixel, where `size` coarse pixels cover stride * size fine ones. A single
// pixel has no second corner: its coordinate is 0 whatever multiplies it.
RMPE_HD double grid_gain(Grid grid, double stride, int64_t size) {
  return grid == Grid::kAlignCorners && size > 1 ? (stride * double(size) - 1.0) / double(size - 1)
                                                 : stride;
}

// Whether a coarse map of the mirrored fine one, once mirrored back, moves right by one pixel. On
// an asymmetric grid its pixel x is the fine one's stride * x + stride - 1.
RMPE_HD bool shifts_in_mirror(Grid grid) { return grid == Grid::kAsymmetric; }

}  // namespace rmpe
