// Affine maps between images, as 2x3 matrices, and their inverses.
#pragma once

#include <cmath>

#include "macros.h"

namespace rmpe {

// (x, y) -> (xx x + xy y + x0, yx x + yy y + y0). In double, because a float that holds a few
// thousand pixels resolves only 1/4096 pixel.
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

// The inverse map. It is all NaN where the matrix is singular or not finite.
RMPE_HD Affine invert(const Affine& m) {
  const double determinant = m.xx * m.yy - m.xy * m.yx;
  double r = 1.0 / determinant;
  // r * 0 is NaN where r is infinite: one test covers a determinant that is zero or too small.
  if (!(r * 0.0 == 0.0) || !(determinant * 0.0 == 0.0)) r = NAN;
  const double xx = m.yy * r, xy = -m.xy * r, yx = -m.yx * r, yy = m.xx * r;
  return {xx, xy, -(xx * m.x0 + xy * m.y0), yx, yy, -(yx * m.x0 + yy * m.y0)};
}

RMPE_HD bool is_finite(const Affine& m) {
  return (m.xx + m.xy + m.x0 + m.yx + m.yy + m.y0) * 0.0 == 0.0;
}

RMPE_HD Affine identity() { return {1.0, 0.0, 0.0, 0.0, 1.0, 0.0}; }

RMPE_HD double map_x(const Affine& m, double x, double y) { return m.xx * x + m.xy * y + m.x0; }
RMPE_HD double map_y(const Affine& m, double x, double y) { return m.yx * x + m.yy * y + m.y0; }

struct Point {
  double x, y;
};

// The image of a point. NaN where the map is not finite.
RMPE_HD Point map_point(const Affine& m, const Point& point) {
  if (!is_finite(m)) return {NAN, NAN};
  return {map_x(m, point.x, point.y), map_y(m, point.x, point.y)};
}

// outer(inner(point)).
RMPE_HD Affine compose(const Affine& outer, const Affine& inner) {
  return {outer.xx * inner.xx + outer.xy * inner.yx,
          outer.xx * inner.xy + outer.xy * inner.yy,
          outer.xx * inner.x0 + outer.xy * inner.y0 + outer.x0,
          outer.yx * inner.xx + outer.yy * inner.yx,
          outer.yx * inner.xy + outer.yy * inner.yy,
          outer.yx * inner.x0 + outer.yy * inner.y0 + outer.y0};
}

// The map from target pixel to source pixel that theta is in normalized coordinates. Both images
// have height x width. With align_corners, -1 and 1 are the centers of the outer pixels, else their
// outer edges. With align_corners, a side of one pixel has the coordinate 0. The map is all NaN
// where theta is not finite.
RMPE_HD Affine pixel_map(const Affine& theta, double height, double width, bool align_corners) {
  if (!is_finite(theta)) return {NAN, NAN, NAN, NAN, NAN, NAN};
  const double edge = align_corners ? 1.0 : 0.0;
  const double unit_x = 0.5 * (width - edge), unit_y = 0.5 * (height - edge);
  const double center_x = 0.5 * (width - 1.0), center_y = 0.5 * (height - 1.0);
  const double xx = unit_x > 0.0 ? theta.xx : 0.0, yy = unit_y > 0.0 ? theta.yy : 0.0;
  const double xy = unit_y > 0.0 ? theta.xy * unit_x / unit_y : 0.0;
  const double yx = unit_x > 0.0 ? theta.yx * unit_y / unit_x : 0.0;
  return {xx, xy, theta.x0 * unit_x + center_x - (xx * center_x + xy * center_y),
          yx, yy, theta.y0 * unit_y + center_y - (yx * center_x + yy * center_y)};
}

}  // namespace rmpe
