// The matrix of a crop, from the box around a person.
#pragma once

#include <cmath>
#include <cstdint>

#include "affine.h"
#include "grid.h"
#include "macros.h"

namespace rmpe {

RMPE_HD double radians(double degrees) { return degrees * (3.14159265358979323846 / 180.0); }

// How a box becomes a crop. rmpe_ext/conventions.py has the values of each convention.
struct CropGeometry {
  int64_t height, width;
  double padding;       // the box grows by this fraction of its sides
  double center_shift;  // its center moves down by this fraction of its height, before padding
  Grid grid;
};

// Image pixel -> crop pixel; box: x1, y1, x2, y2. With a rotation of r radians, the direction
// (sin r, -cos r) in the image points up in the crop. The map of a box with x2 <= x1 or y2 <= y1 is
// not finite.
template <typename T>
RMPE_HD Affine crop_matrix(const T* box, double radians, const CropGeometry& geometry) {
  const double width = double(geometry.width), height = double(geometry.height);
  double w = double(box[2]) - double(box[0]), h = double(box[3]) - double(box[1]);
  if (w <= 0.0 || h <= 0.0) w = h = 0.0;  // no area: the matrix will not be finite
  // The short side grows to the aspect ratio of the crop, so that nobody is distorted.
  if (w * height > h * width) {
    h = w * height / width;
  } else {
    w = h * width / height;
  }
  const double cx = 0.5 * (double(box[0]) + double(box[2]));
  const double cy = 0.5 * (double(box[1]) + double(box[3])) + geometry.center_shift * h;
  w *= 1.0 + geometry.padding;
  h *= 1.0 + geometry.padding;
  const double shortened = geometry.grid == Grid::kAlignCorners ? 1.0 : 0.0;
  const double sx = (width - shortened) / w, sy = (height - shortened) / h;
  const double before_center = geometry.grid == Grid::kAsymmetric ? 0.0 : 1.0;
  const double tx = 0.5 * (width - before_center), ty = 0.5 * (height - before_center);
  const double c = cos(radians), s = sin(radians);
  // Subtracted from 0, because -sy * s of an upright crop would be -0.
  const double xx = sx * c, xy = sx * s, yx = 0.0 - sy * s, yy = sy * c;
  return {xx, xy, tx - (xx * cx + xy * cy), yx, yy, ty - (yx * cx + yy * cy)};
}

}  // namespace rmpe
