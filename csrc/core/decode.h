// From the peak of a heatmap to a keypoint: the step below one pixel.
#pragma once

#include <cmath>
#include <cstdint>

#include "macros.h"

namespace rmpe {

// How a convention goes below one pixel; see rmpe_ext/conventions.py.
enum class Subpixel {
  kQuarter,  // a quarter pixel toward the larger neighbour
  kTaylor,   // one Newton step on the logarithm of the blurred map
};

// In heatmap pixels.
struct Step {
  double x, y;
};

template <typename T>
RMPE_HD Step quarter_step(const T* map,  // [height, width]
                          int64_t height, int64_t width, int64_t x, int64_t y) {
  if (!(1 < x && x < width - 1 && 1 < y && y < height - 1)) return {0.0, 0.0};
  const T* peak = map + y * width + x;
  return {0.25 * ((peak[1] > peak[-1]) - (peak[1] < peak[-1])),
          0.25 * ((peak[width] > peak[-width]) - (peak[width] < peak[-width]))};
}

// The Gaussian blur before a Taylor step: 11 pixels, sigma 2, zeros outside the map. The step needs
// the blurred map up to two pixels around the peak, and so the raw map up to seven.
constexpr int kBlurTaps = 11;
constexpr int kPatch = 5;
constexpr int kWindow = kPatch + kBlurTaps - 1;
constexpr int kWindowPadded = 16;  // a multiple of every vector width

// The blurred map at the kPatch x kPatch pixels around (x, y).
template <typename T>
RMPE_HD void blur_patch(const T* map,  // [height, width]
                        int64_t height, int64_t width, int64_t x, int64_t y,
                        // outputs
                        double (&patch)[kPatch][kPatch]) {
  // exp(-d^2 / 8) for d = -5..5, divided by its sum.
  constexpr double weights[kBlurTaps] = {
      0.008812229292562283, 0.027143577143479366, 0.06511405659938266, 0.12164907301380959,
      0.17699835683135567,  0.2005654142388208,   0.17699835683135567, 0.12164907301380959,
      0.06511405659938266,  0.027143577143479366, 0.008812229292562283};
  const int64_t left = x - kWindow / 2, top = y - kWindow / 2;
  const bool inside = left >= 0 && left + kWindowPadded <= width;
  double columns[kPatch][kWindowPadded] = {};  // blurred along y only
  for (int row = 0; row < kWindow; ++row) {
    if (top + row < 0 || top + row >= height) continue;
    const T* source = map + (top + row) * width + left;
    double values[kWindowPadded];
    if (inside) {
      for (int i = 0; i < kWindowPadded; ++i) values[i] = double(source[i]);
    } else {
      for (int i = 0; i < kWindowPadded; ++i) {
        values[i] = left + i >= 0 && left + i < width ? double(source[i]) : 0.0;
      }
    }
    for (int j = 0; j < kPatch; ++j) {
      const int tap = row - j;
      if (tap < 0 || tap >= kBlurTaps) continue;
      for (int i = 0; i < kWindowPadded; ++i) columns[j][i] += weights[tap] * values[i];
    }
  }
  for (int j = 0; j < kPatch; ++j) {
    for (int i = 0; i < kPatch; ++i) {
      double sum = 0.0;
      for (int tap = 0; tap < kBlurTaps; ++tap) sum += weights[tap] * columns[j][i + tap];
      patch[j][i] = sum;
    }
  }
}

// The largest value of the whole blurred map.
template <typename T>
RMPE_HD double blurred_maximum(const T* map,  // [height, width]
                               int64_t height, int64_t width) {
  double maximum = -INFINITY;
  for (int64_t top = 0; top < height; top += kPatch) {
    for (int64_t left = 0; left < width; left += kPatch) {
      double patch[kPatch][kPatch];
      blur_patch(map, height, width, left + kPatch / 2, top + kPatch / 2, patch);
      for (int j = 0; j < kPatch && top + j < height; ++j) {
        for (int i = 0; i < kPatch && left + i < width; ++i) {
          maximum = patch[j][i] > maximum ? patch[j][i] : maximum;
        }
      }
    }
  }
  return maximum;
}

// -Hess^-1 grad of the logarithm of the blurred map, from central differences
// (Zhang et al., "Distribution-aware coordinate representation for human pose estimation", 2020,
// equation 8). No step where the Hessian is singular or the step is not finite.
template <typename T>
RMPE_HD Step taylor_step(const T* map,  // [height, width]
                         int64_t height, int64_t width, int64_t x, int64_t y) {
  if (!(1 < x && x < width - 2 && 1 < y && y < height - 2)) return {0.0, 0.0};
  double h[kPatch][kPatch];
  blur_patch(map, height, width, x, y, h);

  // The method rescales the blurred map to the maximum it had before. In the logarithm that is a
  // constant, which the differences drop, unless it decides what falls under the floor. It can only
  // enlarge: a blurred value is an average of the map's.
  constexpr double floor = 1e-10;
  double smallest = h[0][0];
  for (int j = 0; j < kPatch; ++j) {
    for (int i = 0; i < kPatch; ++i) smallest = h[j][i] < smallest ? h[j][i] : smallest;
  }
  const double scale =
      smallest < floor ? double(map[y * width + x]) / blurred_maximum(map, height, width) : 1.0;
  for (int j = 0; j < kPatch; ++j) {
    for (int i = 0; i < kPatch; ++i) {
      const int distance = (j > 2 ? j - 2 : 2 - j) + (i > 2 ? i - 2 : 2 - i);
      if (distance > 2) continue;  // no difference reaches it
      const double value = scale * h[j][i];
      h[j][i] = log(value < floor ? floor : value);
    }
  }

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

template <typename T>
RMPE_HD Step subpixel_step(Subpixel method, const T* map,  // [height, width]
                           int64_t height, int64_t width, int64_t x, int64_t y) {
  return method == Subpixel::kTaylor ? taylor_step(map, height, width, x, y)
                                     : quarter_step(map, height, width, x, y);
}

// The column of a map of the mirrored image that shows column x of the image. Shifting moves the
// mirrored map right by one pixel, and its first column stays.
RMPE_HD int64_t mirrored_column(int64_t x, int64_t width, bool shift) {
  return width - 1 - (shift && x > 0 ? x - 1 : x);
}

}  // namespace rmpe
