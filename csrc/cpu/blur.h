// The Gaussian blur of a heatmap, one tile at a time. The taps along y are vectorized over columns.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/decode.h"

namespace rmpe::cpu {

// The weighted sum of kBlurTaps rows. Written with vectors, because GCC would keep an array of sums
// in memory.
template <int kPadded>
inline void blur_rows(const double (&weights)[kBlurTaps], const double (*rows)[kPadded],
                      // outputs
                      double (&blurred)[kPadded]) {
  typedef double Double4 __attribute__((vector_size(32), aligned(8), may_alias));
  for (int i = 0; i < kPadded; i += 8) {
    Double4 low = {}, high = {};
    for (int tap = 0; tap < kBlurTaps; ++tap) {
      const Double4* row = reinterpret_cast<const Double4*>(rows[tap] + i);
      low += weights[tap] * row[0];
      high += weights[tap] * row[1];
    }
    std::memcpy(blurred + i, &low, sizeof low);
    std::memcpy(blurred + i + 4, &high, sizeof high);
  }
}

// The blurred map at kSize x kSize pixels, of which (x, y) is the first. They may lie outside the
// map, which is padded with zeros.
template <int kSize, typename T>
inline void blur_tile(const double (&weights)[kBlurTaps], const T* map,  // [height, width]
                      int64_t height, int64_t width, int64_t x, int64_t y,
                      // outputs
                      double (&tile)[kSize][kSize]) {
  constexpr int kWindow = kSize + kBlurTaps - 1;
  constexpr int kPadded = (kWindow + 7) / 8 * 8;  // a multiple of every vector width
  const int64_t left = x - kBlurRadius, top = y - kBlurRadius;
  const bool inside = left >= 0 && left + kPadded <= width;
  double window[kWindow][kPadded];
  for (int j = 0; j < kWindow; ++j) {
    if (top + j < 0 || top + j >= height) {
      for (int i = 0; i < kPadded; ++i) window[j][i] = 0.0;
      continue;
    }
    const T* source = map + (top + j) * width + left;
    if (inside) {
      for (int i = 0; i < kPadded; ++i) window[j][i] = double(source[i]);
    } else {
      for (int i = 0; i < kPadded; ++i) {
        window[j][i] = left + i >= 0 && left + i < width ? double(source[i]) : 0.0;
      }
    }
  }
  for (int j = 0; j < kSize; ++j) {
    double columns[kPadded];  // blurred along y
    blur_rows(weights, window + j, columns);
    for (int i = 0; i < kSize; ++i) tile[j][i] = blur(weights, columns + i);
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
