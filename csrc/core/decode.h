// From the peak of a heatmap to a keypoint: the step below one pixel.
#pragma once

#include <cmath>
#include <cstdint>

#include "macros.h"

namespace rmpe {

// How a convention goes below one pixel; see rmpe_ext/conventions.py.
enum class Subpixel {
  kNone,
  kQuarter,  // a quarter pixel toward the larger neighbour
  kDark,     // one Newton step on the logarithm of the blurred map
  kDarkUdp,  // the same, from nearer differences, on the border too
};

constexpr int kBlurTaps = 11;

// Pixels at the start and the end of an axis where nothing is refined.
struct Margin {
  int64_t start, end;
};

struct Refinement {
  Subpixel method;
  Margin along, across;    // of the axis that is refined, at least 1 for kQuarter; of the other
  double blur[kBlurTaps];  // the Gaussian before a Newton step; zeros lie outside the map
  double floor, ceiling;   // what the blurred values are limited to before the logarithm
};

// The weights of a Gaussian, with the sum 1.
RMPE_HD void set_gaussian(double sigma, double (&weights)[kBlurTaps]) {
  double total = 0.0;
  for (int i = 0; i < kBlurTaps; ++i) {
    const double distance = double(i - kBlurTaps / 2);
    weights[i] = exp(-distance * distance / (2.0 * sigma * sigma));
    total += weights[i];
  }
  for (int i = 0; i < kBlurTaps; ++i) weights[i] /= total;
}

// In heatmap pixels.
struct Step {
  double x, y;
};

RMPE_HD bool is_inside(const Margin& margin, int64_t position, int64_t size) {
  return position >= margin.start && position < size - margin.end;
}

// The blurred map at the kSize x kSize pixels of which (x, y) is the first; they may lie outside.
template <int kSize, typename T>
RMPE_HD void blur_tile(const double (&weights)[kBlurTaps], const T* map,  // [height, width]
                       int64_t height, int64_t width, int64_t x, int64_t y,
                       // outputs
                       double (&tile)[kSize][kSize]) {
  constexpr int kWindow = kSize + kBlurTaps - 1;
  constexpr int kPadded = (kWindow + 7) / 8 * 8;  // a multiple of every vector width
  const int64_t left = x - kBlurTaps / 2, top = y - kBlurTaps / 2;
  const bool inside = left >= 0 && left + kPadded <= width;
  double columns[kSize][kPadded] = {};  // blurred along y only
  for (int row = 0; row < kWindow; ++row) {
    if (top + row < 0 || top + row >= height) continue;
    const T* source = map + (top + row) * width + left;
    double values[kPadded];
    if (inside) {
      for (int i = 0; i < kPadded; ++i) values[i] = double(source[i]);
    } else {
      for (int i = 0; i < kPadded; ++i) {
        values[i] = left + i >= 0 && left + i < width ? double(source[i]) : 0.0;
      }
    }
    for (int j = 0; j < kSize; ++j) {
      const int tap = row - j;
      if (tap < 0 || tap >= kBlurTaps) continue;
      for (int i = 0; i < kPadded; ++i) columns[j][i] += weights[tap] * values[i];
    }
  }
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) {
      double sum = 0.0;
      for (int tap = 0; tap < kBlurTaps; ++tap) sum += weights[tap] * columns[j][i + tap];
      tile[j][i] = sum;
    }
  }
}

// The largest value of the whole blurred map.
template <typename T>
RMPE_HD double blurred_maximum(const double (&weights)[kBlurTaps],
                               const T* map,  // [height, width]
                               int64_t height, int64_t width) {
  constexpr int kTile = 22;  // its window is 32 pixels wide
  double maximum = -INFINITY;
  for (int64_t top = 0; top < height; top += kTile) {
    for (int64_t left = 0; left < width; left += kTile) {
      double tile[kTile][kTile];
      blur_tile(weights, map, height, width, left, top, tile);
      for (int j = 0; j < kTile && top + j < height; ++j) {
        for (int i = 0; i < kTile && left + i < width; ++i) {
          maximum = tile[j][i] > maximum ? tile[j][i] : maximum;
        }
      }
    }
  }
  return maximum;
}

// The logarithm of the blurred and rescaled map, kRadius pixels around the peak at (x, y).
template <int kRadius, typename T>
RMPE_HD void log_blurred(const Refinement& refinement, const T* map,  // [height, width]
                         int64_t height, int64_t width, int64_t x, int64_t y,
                         // outputs
                         double (&patch)[2 * kRadius + 1][2 * kRadius + 1]) {
  constexpr int kSize = 2 * kRadius + 1;
  blur_tile(refinement.blur, map, height, width, x - kRadius, y - kRadius, patch);

  // The method rescales the blurred map to the maximum it had before. In the logarithm that is a
  // constant, which the differences drop, unless it decides what is limited. It can only enlarge: a
  // blurred value is an average of the map's; and it leaves nothing above the old maximum.
  const double peak = double(map[y * width + x]);
  double smallest = patch[0][0];
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) smallest = patch[j][i] < smallest ? patch[j][i] : smallest;
  }
  double scale = 1.0;
  if (peak <= refinement.floor) {
    scale = 0.0;  // all of it falls under the floor, so it need not be blurred
  } else if (smallest < refinement.floor || peak > refinement.ceiling) {
    scale = peak / blurred_maximum(refinement.blur, map, height, width);
  }
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) {
      const int distance = (j > kRadius ? j - kRadius : kRadius - j) +
                           (i > kRadius ? i - kRadius : kRadius - i);
      if (distance > 2) continue;  // no difference reaches it
      double value = scale * patch[j][i];
      value = value < refinement.floor ? refinement.floor : value;
      value = value > refinement.ceiling ? refinement.ceiling : value;
      patch[j][i] = log(value);
    }
  }
}

// -Hess^-1 grad from central differences (Zhang et al., "Distribution-aware coordinate
// representation for human pose estimation", 2020, equation 8). No step where the Hessian is
// singular or the step is not finite.
template <typename T>
RMPE_HD Step dark_step(const Refinement& refinement, const T* map,  // [height, width]
                       int64_t height, int64_t width, int64_t x, int64_t y) {
  double h[5][5];
  log_blurred<2>(refinement, map, height, width, x, y, h);
  const double dx = 0.5 * (h[2][3] - h[2][1]), dy = 0.5 * (h[3][2] - h[1][2]);
  const double dxx = 0.25 * (h[2][4] - 2.0 * h[2][2] + h[2][0]);
  const double dyy = 0.25 * (h[4][2] - 2.0 * h[2][2] + h[0][2]);
  const double dxy = 0.25 * (h[3][3] - h[1][3] - h[3][1] + h[1][1]);
  const double determinant = dxx * dyy - dxy * dxy;
  // A flat map or a straight ridge has no curvature on some axis; what is left of it is rounding.
  const double curvature = fabs(dxx) + fabs(dyy) + fabs(dxy);
  constexpr double flat = 1e-10, singular = 1e-12;
  if (!(curvature > flat && fabs(determinant) > singular * curvature * curvature)) {
    return {0.0, 0.0};
  }
  const Step step{(dxy * dy - dyy * dx) / determinant, (dxy * dx - dxx * dy) / determinant};
  return (step.x + step.y) * 0.0 == 0.0 ? step : Step{0.0, 0.0};
}

// -(Hess + eps I)^-1 grad from the nearest differences (Huang et al., "The devil is in the
// details", 2020). eps, the last place of a float32 one, answers a flat map. No step where this one
// is not finite.
template <typename T>
RMPE_HD Step dark_udp_step(const Refinement& refinement, const T* map,  // [height, width]
                           int64_t height, int64_t width, int64_t x, int64_t y) {
  double h[3][3];
  log_blurred<1>(refinement, map, height, width, x, y, h);
  // The outer pixels are repeated beyond the border.
  const int left = x > 0 ? 0 : 1, right = x < width - 1 ? 2 : 1;
  const int up = y > 0 ? 0 : 1, down = y < height - 1 ? 2 : 1;
  constexpr double eps = 1.0 / 8388608.0;
  const double dx = 0.5 * (h[1][right] - h[1][left]), dy = 0.5 * (h[down][1] - h[up][1]);
  const double dxx = h[1][right] - 2.0 * h[1][1] + h[1][left] + eps;
  const double dyy = h[down][1] - 2.0 * h[1][1] + h[up][1] + eps;
  const double dxy = 0.5 * (h[down][right] - h[1][right] - h[down][1] + 2.0 * h[1][1] -
                            h[1][left] - h[up][1] + h[up][left]);
  const double determinant = dxx * dyy - dxy * dxy;
  const Step step{(dxy * dy - dyy * dx) / determinant, (dxy * dx - dxx * dy) / determinant};
  return (step.x + step.y) * 0.0 == 0.0 ? step : Step{0.0, 0.0};
}

template <typename T>
RMPE_HD Step subpixel_step(const Refinement& refinement, const T* map,  // [height, width]
                           int64_t height, int64_t width, int64_t x, int64_t y) {
  const bool along_x =
      is_inside(refinement.along, x, width) && is_inside(refinement.across, y, height);
  const bool along_y =
      is_inside(refinement.along, y, height) && is_inside(refinement.across, x, width);
  Step step{0.0, 0.0};
  if (refinement.method == Subpixel::kQuarter) {
    const T* peak = map + y * width + x;
    if (along_x) step.x = 0.25 * ((peak[1] > peak[-1]) - (peak[1] < peak[-1]));
    if (along_y) step.y = 0.25 * ((peak[width] > peak[-width]) - (peak[width] < peak[-width]));
  } else if (refinement.method != Subpixel::kNone && along_x && along_y) {
    step = refinement.method == Subpixel::kDark
               ? dark_step(refinement, map, height, width, x, y)
               : dark_udp_step(refinement, map, height, width, x, y);
  }
  return step;
}

// The column of a map of the mirrored image that shows column x of the image. Shifting moves the
// mirrored map right by one pixel, and its first column stays.
RMPE_HD int64_t mirrored_column(int64_t x, int64_t width, bool shift) {
  return width - 1 - (shift && x > 0 ? x - 1 : x);
}

}  // namespace rmpe
