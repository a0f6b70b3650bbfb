// Bytes and operations: every heatmap is read once, 12 KB at 64x48 float32, with one comparison and
// one addition for each value; memory is the floor. What follows a peak touches a few cache lines
// that are still near.
#include "cpu/decode.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace rmpe::cpu {
namespace {

template <typename T>
struct Peak {
  T value;        // NaN where the map holds a NaN
  int64_t index;  // the first that has the value
};

// The values are compared block by block, so that only the block of the maximum is searched for its
// first occurrence. A sum runs along to find NaN: it is NaN wherever one of its terms is.
// kBytes: of a vector. Wider ones than the processor's are taken apart value by value.
template <int kBytes, typename T>
__attribute__((always_inline)) inline Peak<T> first_maximum(const T* map, int64_t size) {
  typedef T V __attribute__((vector_size(kBytes)));
  constexpr int kLanes = kBytes / sizeof(T), kVectors = 64 / kBytes, kSteps = 8;
  constexpr int64_t kBlock = kLanes * kVectors * kSteps;
  T maximum = -std::numeric_limits<T>::infinity(), total = 0;
  int64_t block = 0, i = 0;
  // Only unrolled loops keep these arrays in registers.
  V largest[kVectors], sums[kVectors] = {};
  for (; i + kBlock <= size; i += kBlock) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      std::memcpy(&largest[v], map + i + v * kLanes, kBytes);
      sums[v] += largest[v];
    }
#pragma GCC unroll 8
    for (int step = 1; step < kSteps; ++step) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        V values;
        std::memcpy(&values, map + i + (step * kVectors + v) * kLanes, kBytes);
        largest[v] = values > largest[v] ? values : largest[v];
        sums[v] += values;
      }
    }
#pragma GCC unroll 4
    for (int v = 1; v < kVectors; ++v) {
      largest[0] = largest[v] > largest[0] ? largest[v] : largest[0];
    }
    T block_maximum = largest[0][0];
#pragma GCC unroll 8
    for (int lane = 1; lane < kLanes; ++lane) {
      block_maximum = largest[0][lane] > block_maximum ? largest[0][lane] : block_maximum;
    }
    if (block_maximum > maximum) {
      maximum = block_maximum;
      block = i;
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
    for (int lane = 0; lane < kLanes; ++lane) total += sums[v][lane];
  }
  const int64_t rest = i;
  T rest_maximum = -std::numeric_limits<T>::infinity();
  for (; i < size; ++i) {
    rest_maximum = map[i] > rest_maximum ? map[i] : rest_maximum;
    total += map[i];
  }
  if (rest_maximum > maximum) {
    maximum = rest_maximum;
    block = rest;
  }
  if (std::isnan(total)) {
    // Opposite infinities, or sums that overflow to them, do this too.
    for (i = 0; i < size; ++i) {
      if (std::isnan(map[i])) return {map[i], i};
    }
  }
  while (map[block] != maximum) ++block;
  return {maximum, block};
}

#if defined(__x86_64__) && defined(__GNUC__)
// RMPE_MULTIVERSION would compile one vector width for every processor.
template <typename T>
__attribute__((target("avx2"))) Peak<T> find_peak_avx2(const T* map, int64_t size) {
  return first_maximum<32>(map, size);
}

template <typename T>
Peak<T> find_peak(const T* map, int64_t size) {
  return __builtin_cpu_supports("avx2") ? find_peak_avx2(map, size) : first_maximum<16>(map, size);
}
#else
template <typename T>
Peak<T> find_peak(const T* map, int64_t size) {
  return first_maximum<16>(map, size);
}
#endif

template <typename T>
inline void average(const T* map, const T* flipped, int64_t height, int64_t width, bool shift,
                    T* __restrict out) {
  for (int64_t y = 0; y < height; ++y) {
    const T* row = map + y * width;
    const T* mirrored = flipped + y * width;
    T* averaged = out + y * width;
    averaged[0] = T(0.5) * (row[0] + mirrored[mirrored_column(0, width, shift)]);
    const int64_t last = mirrored_column(1, width, shift) + 1;
    for (int64_t x = 1; x < width; ++x) averaged[x] = T(0.5) * (row[x] + mirrored[last - x]);
  }
}

// What the processor's vector width matters to. They are not templates because GCC cannot clone
// those.
RMPE_MULTIVERSION void average_flipped(const float* map, const float* flipped, int64_t height,
                                       int64_t width, bool shift, float* out) {
  average(map, flipped, height, width, shift, out);
}
RMPE_MULTIVERSION void average_flipped(const double* map, const double* flipped, int64_t height,
                                       int64_t width, bool shift, double* out) {
  average(map, flipped, height, width, shift, out);
}
RMPE_MULTIVERSION Step step_below_pixel(Subpixel method, const float* map, int64_t height,
                                        int64_t width, int64_t x, int64_t y) {
  return subpixel_step(method, map, height, width, x, y);
}
RMPE_MULTIVERSION Step step_below_pixel(Subpixel method, const double* map, int64_t height,
                                        int64_t width, int64_t x, int64_t y) {
  return subpixel_step(method, map, height, width, x, y);
}

}  // namespace

template <typename T>
void decode(const DecodeBatch<T>& batch, int64_t begin, int64_t end, T* keypoints, T* scores) {
  const int64_t height = batch.height, width = batch.width;
  std::vector<T> averaged(batch.flipped.data ? height * width : 0);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t n = item / batch.K, k = item % batch.K;
    const T* map = batch.heatmaps.map(n, k);
    if (batch.flipped.data) {
      const T* flipped = batch.flipped.map(n, batch.swapped_joint[k]);
      average_flipped(map, flipped, height, width, batch.flip_shift, averaged.data());
      map = averaged.data();
    }
    const Peak<T> peak = find_peak(map, height * width);
    double x = NAN, y = NAN;
    if (peak.value > 0) {
      const int64_t column = peak.index % width, row = peak.index / width;
      const Step step = step_below_pixel(batch.subpixel, map, height, width, column, row);
      x = double(column) + step.x;
      y = double(row) + step.y;
    } else if (peak.value <= 0) {
      x = y = 0.0;
    }
    if (batch.inverses) {
      const Affine& inverse = batch.inverses[n];
      const double crop_x = batch.stride * x + batch.offset;
      const double crop_y = batch.stride * y + batch.offset;
      x = is_finite(inverse) ? map_x(inverse, crop_x, crop_y) : NAN;
      y = is_finite(inverse) ? map_y(inverse, crop_x, crop_y) : NAN;
    }
    keypoints[2 * item] = T(x);
    keypoints[2 * item + 1] = T(y);
    scores[item] = peak.value;
  }
}

template void decode(const DecodeBatch<float>&, int64_t, int64_t, float*, float*);
template void decode(const DecodeBatch<double>&, int64_t, int64_t, double*, double*);

}  // namespace rmpe::cpu
