// From the box around a person to the matrix of its crop.
#pragma once

#include <cmath>
#include <cstdint>

#include "affine.h"
#include "grid.h"
#include "macros.h"

namespace rmpe {

RMPE_HD double radians(double degrees) { return degrees * (3.14159265358979323846 / 180.0); }

// How a box becomes a crop; see rmpe_ext/conventions.py.
struct CropGeometry {
  int64_t height, width;
  double padding;  // by how much the box grows, as a fraction of its sides
  double shift_y;  // by how much its center moves down, as a fraction of its height
  Grid grid;
};

// box: x1, y1, x2, y2. radians turns the crop: the image direction (sin r, -cos r) becomes up.
// Returns image pixel -> crop pixel; a box without area gives a map that is not finite.
template <typename T>
RMPE_HD Affine crop_matrix(const T* box, double radians, const CropGeometry& geometry) {
  const double width = double(geometry.width), height = double(geometry.height);
  double w = double(box[2]) - double(box[0]), h = double(box[3]) - double(box[1]);
  // Grow the short side to the crop's aspect ratio, so that nobody is squeezed.
  if (w * height > h * width) {
    h = w * height / width;
  } else {
    w = h * width / height;
  }
  const double cx = 0.5 * (double(box[0]) + double(box[2]));
  const double cy = 0.5 * (double(box[1]) + double(box[3])) + geometry.shift_y * h;
  w *= 1.0 + geometry.padding;
  h *= 1.0 + geometry.padding;
  const double shortened = geometry.grid == Grid::kAlignCorners ? 1.0 : 0.0;
  const double sx = (width - shortened) / w, sy = (height - shortened) / h;
  const double before_center = geometry.grid == Grid::kAsymmetric ? 0.0 : 1.0;
  const double tx = 0.5 * (width - before_center), ty = 0.5 * (height - before_center);
  const double c = cos(radians), s = sin(radians);
  // 0 - , so that an upright crop has 0 there and not -0.
  const double xx = sx * c, xy = sx * s, yx = 0.0 - sy * s, yy = sy * c;
  return {xx, xy, tx - (xx * cx + xy * cy), yx, yy, ty - (yx * cx + yy * cy)};
}

}  // namespace rmpe
