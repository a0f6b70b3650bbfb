// 2x3 affine maps between pixel grids, and their inverses.
#pragma once

#include <cmath>

#include "macros.h"

namespace rmpe {

// (x, y) -> (xx x + xy y + x0, yx x + yy y + y0), computed in double: image coordinates of a few
// thousand pixels leave a float only 1/4096 pixel.
struct Affine {
  double xx, xy, x0;
  double yx, yy, y0;
};

// matrix: [2, 3], row major.
template <typename T>
RMPE_HD Affine load_affine(const T* matrix) {
  return {double(matrix[0]), double(matrix[1]), double(matrix[2]),
          double(matrix[3]), double(matrix[4]), double(matrix[5])};
}

// The inverse map. A singular or non-finite matrix gives a map that is all NaN.
RMPE_HD Affine invert(const Affine& m) {
  const double determinant = m.xx * m.yy - m.xy * m.yx;
  double r = 1.0 / determinant;
  // 0 * r is NaN for an infinite r, so one test covers a zero and an overflowing determinant.
  if (!(r * 0.0 == 0.0) || !(determinant * 0.0 == 0.0)) r = NAN;
  const double xx = m.yy * r, xy = -m.xy * r, yx = -m.yx * r, yy = m.xx * r;
  return {xx, xy, -(xx * m.x0 + xy * m.y0), yx, yy, -(yx * m.x0 + yy * m.y0)};
}

RMPE_HD bool is_finite(const Affine& m) {
  return (m.xx + m.xy + m.x0 + m.yx + m.yy + m.y0) * 0.0 == 0.0;
}

RMPE_HD double map_x(const Affine& m, double x, double y) { return m.xx * x + m.xy * y + m.x0; }
RMPE_HD double map_y(const Affine& m, double x, double y) { return m.yx * x + m.yy * y + m.y0; }

}  // namespace rmpe
