// The largest of many values, and where it first is.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace rmpe::cpu {

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

}  // namespace rmpe::cpu
