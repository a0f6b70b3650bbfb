// The blur of a heatmap, a tile at a time: the taps along y run over whole rows of it, as vector
// code. kMaxRadius is kBlurRadius for the usual blur, whose loops have fixed lengths, or
// kMaxBlurRadius for any blur.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/decode.h"

namespace rmpe::cpu {

// `taps` rows become one. The sums stay in registers, which GCC does not see for an array.
template <int kPadded>
inline void blur_rows(const double* weights, int taps, const double (*rows)[kPadded],
                      // outputs
                      double (&blurred)[kPadded]) {
  typedef double Double4 __attribute__((vector_size(32), aligned(8), may_alias));
  for (int i = 0; i < kPadded; i += 8) {
    Double4 low = {}, high = {};
    for (int tap = 0; tap < taps; ++tap) {
      const Double4* row = reinterpret_cast<const Double4*>(rows[tap] + i);
      low += weights[tap] * row[0];
      high += weights[tap] * row[1];
    }
    std::memcpy(blurred + i, &low, sizeof low);
    std::memcpy(blurred + i + 4, &high, sizeof high);
  }
}

// The blurred map at the kSize x kSize pixels of which (x, y) is the first; they may lie outside.
template <int kMaxRadius, int kSize, typename T>
inline void blur_tile(const Blur& blur, const T* map,  // [height, width]
                      int64_t height, int64_t width, int64_t x, int64_t y,
                      // outputs
                      double (&tile)[kSize][kSize]) {
  constexpr bool kUsual = kMaxRadius == kBlurRadius;
  const int radius = kUsual ? kBlurRadius : blur.radius;
  const Border border = kUsual ? Border::kZeros : blur.border;
  constexpr int kWindow = kSize + 2 * kMaxRadius;
  constexpr int kPadded = (kWindow + 7) / 8 * 8;  // a multiple of every vector width
  const int64_t left = x - radius, top = y - radius;
  const bool inside = left >= 0 && left + kPadded <= width;
  double window[kWindow][kPadded];
  for (int j = 0; j < kSize + 2 * radius; ++j) {
    const int64_t row = pixel_within(border, top + j, height);
    if (row < 0) {
      for (int i = 0; i < kPadded; ++i) window[j][i] = 0.0;
      continue;
    }
    const T* source = map + row * width + left;
    if (inside) {
      for (int i = 0; i < kPadded; ++i) window[j][i] = double(source[i]);
    } else if (kUsual) {  // two comparisons, which GCC vectorizes
      for (int i = 0; i < kPadded; ++i) {
        window[j][i] = left + i >= 0 && left + i < width ? double(source[i]) : 0.0;
      }
    } else {
      for (int i = 0; i < kPadded; ++i) {
        const int64_t column = pixel_within(border, left + i, width);
        window[j][i] = column >= 0 ? double(source[column - left]) : 0.0;
      }
    }
  }
  for (int j = 0; j < kSize; ++j) {
    double columns[kPadded];  // blurred along y only
    blur_rows(blur.weights, blur_taps(radius), window + j, columns);
    for (int i = 0; i < kSize; ++i) {
      tile[j][i] = blurred(blur.weights, blur_taps(radius), columns + i);
    }
  }
}

// Calls visit(x, y, value) for every pixel of the blurred map.
template <int kMaxRadius, typename T, typename Visit>
inline void blur_map(const Blur& blur, const T* map,  // [height, width]
                     int64_t height, int64_t width, Visit&& visit) {
  constexpr int kTile = 22;  // the usual window is 32 pixels wide
  for (int64_t top = 0; top < height; top += kTile) {
    for (int64_t left = 0; left < width; left += kTile) {
      double tile[kTile][kTile];
      blur_tile<kMaxRadius>(blur, map, height, width, left, top, tile);
      for (int j = 0; j < kTile && top + j < height; ++j) {
        for (int i = 0; i < kTile && left + i < width; ++i) visit(left + i, top + j, tile[j][i]);
      }
    }
  }
}

// The largest value of the whole blurred map.
template <int kMaxRadius, typename T>
inline double blurred_maximum(const Blur& blur, const T* map,  // [height, width]
                              int64_t height, int64_t width) {
  double maximum = -INFINITY;
  blur_map<kMaxRadius>(blur, map, height, width, [&](int64_t, int64_t, double value) {
    maximum = value > maximum ? value : maximum;
  });
  return maximum;
}

}  // namespace rmpe::cpu
