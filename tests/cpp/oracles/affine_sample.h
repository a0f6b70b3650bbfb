// Sampling through an affine map, and its gradients: one output pixel at a time, in normalized
// coordinates.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/affine_sample.h"

namespace oracle {

using rmpe::Interpolation;
using rmpe::Padding;
using rmpe::SampleGeometry;

// The coordinate of a pixel's center; 0 where there is only one.
inline double normalized(double pixel, int64_t size, bool align_corners) {
  if (align_corners) return size > 1 ? 2.0 * pixel / double(size - 1) - 1.0 : 0.0;
  return (2.0 * pixel + 1.0) / double(size) - 1.0;
}

inline double to_pixel(double coordinate, int64_t size, bool align_corners) {
  if (align_corners) return (coordinate + 1.0) / 2.0 * double(size - 1);
  return ((coordinate + 1.0) * double(size) - 1.0) / 2.0;
}

// A coordinate after padding, and what it changes by when the one before does.
struct PaddedCoordinate {
  double at, slope;
};

inline PaddedCoordinate padded(double x, int64_t size, Padding padding, bool align_corners) {
  const double last = double(size - 1);
  double slope = 1.0;
  if (padding == Padding::kZeros) return {x, slope};
  if (std::isnan(x)) return {0.0, 0.0};
  if (padding == Padding::kReflection) {
    const double low = align_corners ? 0.0 : -0.5, high = align_corners ? last : last + 0.5;
    if (low == high) return {0.0, 0.0};
    while (x < low || x > high) {
      x = x < low ? 2.0 * low - x : 2.0 * high - x;
      slope = -slope;
    }
  }
  if (x <= 0.0) return {0.0, 0.0};
  if (x >= last) return {last, 0.0};
  return {x, slope};
}

// Where one output pixel is sampled.
struct SamplePoint {
  double normalized_x, normalized_y;  // of the output pixel
  double raw_x, raw_y;                // input pixels, before padding
  PaddedCoordinate x, y;
};

// theta: [2, 3]. A row of it that is not finite gives NaN.
inline SamplePoint sample_point(const double* theta, const SampleGeometry& g, int64_t row,
                                int64_t column) {
  SamplePoint p;
  p.normalized_x = normalized(double(column), g.width, g.align_corners);
  p.normalized_y = normalized(double(row), g.height, g.align_corners);
  const auto along = [&](const double* t, int64_t size) {
    if (!std::isfinite(t[0] + t[1] + t[2])) return std::numeric_limits<double>::quiet_NaN();
    return to_pixel(t[0] * p.normalized_x + t[1] * p.normalized_y + t[2], size, g.align_corners);
  };
  p.raw_x = along(theta, g.input_width);
  p.raw_y = along(theta + 3, g.input_height);
  p.x = padded(p.raw_x, g.input_width, g.padding, g.align_corners);
  p.y = padded(p.raw_y, g.input_height, g.padding, g.align_corners);
  return p;
}

// The pixel at a whole coordinate; -1 outside.
inline int64_t pixel_offset(double x, double y, const SampleGeometry& g) {
  const bool inside =
      x >= 0.0 && x < double(g.input_width) && y >= 0.0 && y < double(g.input_height);
  return inside ? int64_t(y) * g.input_width + int64_t(x) : -1;
}

// How far a coordinate, before padding, is from where its cell or its nearest pixel changes.
inline double distance_to_step(double raw, bool nearest) {
  if (std::isnan(raw)) return std::numeric_limits<double>::infinity();
  const double shifted = nearest ? raw + 0.5 : raw;
  return std::fabs(shifted - std::nearbyint(shifted));
}

struct Sampled {
  std::vector<double> output;  // [height, width]
  double margin;               // how far every sample is from where a nearest pixel changes
};

// input: one plane, [input_height, input_width].
inline Sampled affine_sample(const double* input, const double* theta, const SampleGeometry& g) {
  Sampled result{{}, std::numeric_limits<double>::infinity()};
  const auto tap = [&](double x, double y) {
    const int64_t offset = pixel_offset(x, y, g);
    return offset < 0 ? 0.0 : input[offset];
  };
  for (int64_t row = 0; row < g.height; ++row) {
    for (int64_t column = 0; column < g.width; ++column) {
      const SamplePoint p = sample_point(theta, g, row, column);
      const double x = p.x.at, y = p.y.at;
      if (g.interpolation == Interpolation::kNearest) {
        result.output.push_back(tap(std::nearbyint(x), std::nearbyint(y)));
        result.margin = std::min(
            {result.margin, distance_to_step(p.raw_x, true), distance_to_step(p.raw_y, true)});
        continue;
      }
      if (std::isnan(x) || std::isnan(y)) {  // no pixel is there
        result.output.push_back(0.0);
        continue;
      }
      const double x0 = std::floor(x), y0 = std::floor(y), fx = x - x0, fy = y - y0;
      result.output.push_back((1 - fx) * (1 - fy) * tap(x0, y0) + fx * (1 - fy) * tap(x0 + 1, y0) +
                              (1 - fx) * fy * tap(x0, y0 + 1) + fx * fy * tap(x0 + 1, y0 + 1));
    }
  }
  return result;
}

struct SampleGradients {
  std::vector<double> input;  // [input_height, input_width]
  std::vector<double> theta;  // [2, 3]
  double margin;              // how far every sample is from where a gradient jumps
};

// grad: the loss's gradient by one output plane, [height, width].
inline SampleGradients affine_sample_backward(const double* input, const double* theta,
                                              const SampleGeometry& g, const double* grad) {
  SampleGradients result{std::vector<double>(g.input_height * g.input_width),
                         std::vector<double>(6), std::numeric_limits<double>::infinity()};
  const bool nearest = g.interpolation == Interpolation::kNearest;
  // Input pixels for one unit of normalized coordinates.
  const double unit_x =
      to_pixel(1.0, g.input_width, g.align_corners) - to_pixel(0.0, g.input_width, g.align_corners);
  const double unit_y = to_pixel(1.0, g.input_height, g.align_corners) -
                        to_pixel(0.0, g.input_height, g.align_corners);
  for (int64_t row = 0; row < g.height; ++row) {
    for (int64_t column = 0; column < g.width; ++column) {
      const double value = grad[row * g.width + column];
      const SamplePoint p = sample_point(theta, g, row, column);
      result.margin = std::min(
          {result.margin, distance_to_step(p.raw_x, nearest), distance_to_step(p.raw_y, nearest)});
      if (nearest) {
        const int64_t offset = pixel_offset(std::nearbyint(p.x.at), std::nearbyint(p.y.at), g);
        if (offset >= 0) result.input[offset] += value;
        continue;
      }
      if (std::isnan(p.x.at) || std::isnan(p.y.at)) continue;
      const double x0 = std::floor(p.x.at), y0 = std::floor(p.y.at);
      double dx = 0.0, dy = 0.0;  // of the sampled value over the padded position
      for (int right = 0; right < 2; ++right) {
        for (int lower = 0; lower < 2; ++lower) {
          const int64_t offset = pixel_offset(x0 + right, y0 + lower, g);
          if (offset < 0) continue;
          const double wx = right ? p.x.at - x0 : 1.0 - (p.x.at - x0);
          const double wy = lower ? p.y.at - y0 : 1.0 - (p.y.at - y0);
          result.input[offset] += wx * wy * value;
          dx += (right ? wy : -wy) * input[offset];
          dy += (lower ? wx : -wx) * input[offset];
        }
      }
      const double gx = value * dx * p.x.slope * unit_x, gy = value * dy * p.y.slope * unit_y;
      const double by_theta[6] = {gx * p.normalized_x, gx * p.normalized_y, gx,
                                  gy * p.normalized_x, gy * p.normalized_y, gy};
      for (int i = 0; i < 6; ++i) result.theta[i] += by_theta[i];
    }
  }
  return result;
}

}  // namespace oracle
