// The Gaussian blur of a heatmap, a tile at a time: the taps along y run over whole rows of it, as
// vector code.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/decode.h"

namespace rmpe::cpu {

// The blurred map at the kSize x kSize pixels of which (x, y) is the first; they may lie outside.
template <int kSize, typename T>
inline void blur_tile(const double (&weights)[kBlurTaps], const T* map,  // [height, width]
                      int64_t height, int64_t width, int64_t x, int64_t y,
                      // outputs
                      double (&tile)[kSize][kSize]) {
  constexpr int kWindow = kSize + kBlurTaps - 1;
  constexpr int kPadded = (kWindow + 7) / 8 * 8;  // a multiple of every vector width
  const int64_t left = x - kBlurRadius, top = y - kBlurRadius;
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
    for (int i = 0; i < kSize; ++i) tile[j][i] = blur(weights, columns[j] + i);
  }
}

// The largest value of the whole blurred map.
template <typename T>
inline double blurred_maximum(const double (&weights)[kBlurTaps],
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

}  // namespace rmpe::cpu
