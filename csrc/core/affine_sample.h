// Sampling of an image through an affine map in normalized coordinates: F.affine_grid and
// F.grid_sample in one, without the grid.
#pragma once

#include <cmath>
#include <cstdint>

#include "affine.h"
#include "half.h"
#include "macros.h"

namespace rmpe {

enum class Interpolation { kBilinear, kNearest };
enum class Padding { kZeros, kBorder, kReflection };

struct SampleGeometry {
  int64_t input_height, input_width;  // both at least 1, fewer than 2^31 pixels in all
  int64_t height, width;              // of the output
  Interpolation interpolation;
  Padding padding;
  bool align_corners;
};

// The images of a call. Maps is how a device holds the map of each image.
template <typename S, typename Maps>
struct SampleBatch {
  const S* input;  // [N, C, input_height, input_width]; each plane is contiguous
  int64_t batch_stride, channel_stride;
  Maps maps;  // [N], output pixel -> input pixel: sampling_map
  int64_t N, C;
  SampleGeometry geometry;

  RMPE_HD const S* plane(int64_t n, int64_t c) const {
    return input + n * batch_stride + c * channel_stride;
  }
};

// Input pixels per output pixel when theta is the identity. With align_corners, the normalized
// coordinates -1 and 1 are the centers of the outer pixels, else their outer edges.
RMPE_HD double pixel_ratio(int64_t input_size, int64_t output_size, bool align_corners) {
  if (!align_corners) return double(input_size) / double(output_size);
  return output_size > 1 ? double(input_size - 1) / double(output_size - 1) : 0.0;
}

// Input pixels per unit of normalized coordinates.
RMPE_HD double pixels_per_unit(int64_t input_size, bool align_corners) {
  return 0.5 * double(align_corners ? input_size - 1 : input_size);
}

RMPE_HD double center(int64_t size) { return 0.5 * double(size - 1); }

// The map from output pixel to input pixel; theta: [2, 3]. Output pixels are measured from the
// center of the output. Both conventions of align_corners have the normalized origin there, and the
// identity maps every pixel exactly onto itself.
//
// Positions along an axis are all NaN where the map is not finite or overflows within the output.
template <typename T>
RMPE_HD Affine sampling_map(const T* theta, const SampleGeometry& g) {
  const auto axis = [&](const T* row, int64_t input_size, double& x, double& y, double& origin) {
    x = double(row[0]) * pixel_ratio(input_size, g.width, g.align_corners);
    y = double(row[1]) * pixel_ratio(input_size, g.height, g.align_corners);
    origin = double(row[2]) * pixels_per_unit(input_size, g.align_corners) + center(input_size);
    const double extent = fabs(x) * double(g.width) + fabs(y) * double(g.height) + fabs(origin);
    if (!(extent * 0.0 == 0.0)) {
      x = y = 0.0;
      origin = NAN;
    }
  };
  Affine map;
  axis(theta, g.input_width, map.xx, map.xy, map.x0);
  axis(theta + 3, g.input_height, map.yx, map.yy, map.y0);
  return map;
}

// What the gradient to theta is made of: sum gx px, sum gx py, sum gx, and the same with gy. The
// sums are over output pixels p, measured from the center. (gx, gy) is the gradient of the loss to
// the position of the sample.
struct PositionMoments {
  double values[6];
};

// The gradient to theta, [2, 3]: the transpose of sampling_map.
template <typename T>
RMPE_HD void theta_gradient(const PositionMoments& moments, const SampleGeometry& g, T* theta) {
  for (int axis = 0; axis < 2; ++axis) {
    const int64_t input_size = axis == 0 ? g.input_width : g.input_height;
    const double* m = moments.values + 3 * axis;
    T* row = theta + 3 * axis;
    row[0] = T(m[0] * pixel_ratio(input_size, g.width, g.align_corners));
    row[1] = T(m[1] * pixel_ratio(input_size, g.height, g.align_corners));
    row[2] = T(m[2] * pixels_per_unit(input_size, g.align_corners));
  }
}

// Where a coordinate is sampled on an axis of `size` pixels, after padding.
struct Position {
  double at;     // in [0, size - 1]; in [-2, size + 1] with zeros
  double slope;  // derivative of `at` by the coordinate: 1, -1, or 0 where it is clamped
};

// A NaN lies left of the image: it gets no pixel with zeros, else pixel 0.
RMPE_HD Position pad_position(double x, int64_t size, Padding padding, bool align_corners) {
  const double last = double(size - 1);
  double slope = 1.0;
  if (padding == Padding::kZeros) {
    // More than one pixel outside all is zero. Clamped there, the coordinate fits an integer.
    x = x > -2.0 ? x : -2.0;
    return {x < last + 2.0 ? x : last + 2.0, slope};
  }
  if (padding == Padding::kReflection) {
    // A triangle wave between the centers of the outer pixels, or between their outer edges.
    const double low = align_corners ? 0.0 : -0.5, span = align_corners ? last : last + 1.0;
    const double turns = span > 0.0 ? floor((x - low) / span) : 0.0;
    const double along = (x - low) - turns * span;
    const bool backward = turns - 2.0 * floor(0.5 * turns) != 0.0;
    x = (backward ? span - along : along) + low;
    slope = backward ? -1.0 : 1.0;
  }
  // On the border itself the slope is 0, as in grid_sample.
  const bool above = x > 0.0, below = x < last;
  return {above ? (below ? x : last) : 0.0, above && below ? slope : 0.0};
}

// One coordinate of the samples along a row of the output.
struct Line {
  double start, step, center;

  RMPE_HD double at(int64_t x) const { return start + step * (double(x) - center); }
};

RMPE_HD Line line_x(const Affine& map, const SampleGeometry& g, int64_t y) {
  return {map.xy * (double(y) - center(g.height)) + map.x0, map.xx, center(g.width)};
}

RMPE_HD Line line_y(const Affine& map, const SampleGeometry& g, int64_t y) {
  return {map.yy * (double(y) - center(g.height)) + map.y0, map.yx, center(g.width)};
}

RMPE_HD Position padded(const Line& line, int64_t x, int64_t size, const SampleGeometry& g) {
  return pad_position(line.at(x), size, g.padding, g.align_corners);
}

// One of the four pixels around a sample.
template <typename T>
struct Corner {
  int64_t offset;  // of the pixel in its plane; -1 outside the image
  T weight;
  T weight_dx, weight_dy;  // derivatives of the weight by the padded position
};

// Corner k: bit 0 is set for the two on the right, bit 1 for the two below.
template <typename T>
RMPE_HD Corner<T> bilinear_corner(int k, double x, double y, const SampleGeometry& g) {
  const double x0 = floor(x), y0 = floor(y);
  const T fx = T(x - x0), fy = T(y - y0);
  const bool right = k & 1, lower = k >> 1;
  const T wx = right ? fx : T(1) - fx, wy = lower ? fy : T(1) - fy;
  const int64_t column = int64_t(x0) + right, row = int64_t(y0) + lower;
  const bool inside = column >= 0 && column < g.input_width && row >= 0 && row < g.input_height;
  return {inside ? row * g.input_width + column : -1, wx * wy, right ? wy : -wy, lower ? wx : -wx};
}

// The pixel nearest to a padded position; -1 outside the image. A tie goes to the even one.
RMPE_HD int32_t nearest_offset(double x, double y, const SampleGeometry& g) {
  const int32_t column = int32_t(nearbyint(x)), row = int32_t(nearbyint(y));
  const int32_t width = int32_t(g.input_width), height = int32_t(g.input_height);
  const bool inside = column >= 0 && column < width && row >= 0 && row < height;
  return inside ? row * width + column : -1;
}

}  // namespace rmpe
