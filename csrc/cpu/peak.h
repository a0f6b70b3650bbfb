// The largest value of a map, and its first occurrence.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "cpu/instructions.h"

namespace rmpe::cpu {

template <typename T>
struct Peak {
  T value;        // NaN if the map has one
  int64_t index;  // of the first occurrence
};

// Whether a comparison holds in any lane.
template <typename Mask>
__attribute__((always_inline)) inline bool any(const Mask& mask) {
  int64_t lanes[sizeof(Mask) / 8], joined = 0;
  std::memcpy(lanes, &mask, sizeof mask);
#pragma GCC unroll 4
  for (const int64_t lane : lanes) joined |= lane;
  return joined != 0;
}

// Values are compared block by block, and the first block with the maximum is remembered: its first
// occurrence is searched for from there on. Few blocks have a new maximum, so that in most the
// lanes are never compared with each other. A sum of all values detects a NaN. kBytes is the size
// of a vector; the compiler splits one that is wider than the processor's into single values.
template <int kBytes, typename T>
__attribute__((always_inline)) inline Peak<T> first_maximum(const T* map, int64_t size) {
  typedef T V __attribute__((vector_size(kBytes)));
  constexpr int kLanes = kBytes / sizeof(T), kVectors = 4, kSteps = 4;
  constexpr int64_t kBlock = kLanes * kVectors * kSteps;
  T maximum = -std::numeric_limits<T>::infinity();
  int64_t block = 0, i = 0;
  // The loops over these arrays are unrolled, without which they would be kept in memory.
  V largest[kVectors], sums[kVectors] = {};
  for (; i + kBlock <= size; i += kBlock) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      std::memcpy(&largest[v], map + i + v * kLanes, kBytes);
      sums[v] += largest[v];
    }
#pragma GCC unroll 4
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
    if (!any(largest[0] > maximum)) continue;
    block = i;
#pragma GCC unroll 8
    for (int lane = 0; lane < kLanes; ++lane) {
      maximum = largest[0][lane] > maximum ? largest[0][lane] : maximum;
    }
  }
#pragma GCC unroll 4
  for (int v = 1; v < kVectors; ++v) sums[0] += sums[v];
  T total = 0;
#pragma GCC unroll 8
  for (int lane = 0; lane < kLanes; ++lane) total += sums[0][lane];
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
    // The sum is NaN for opposite infinities too, and for sums that overflow to them.
    for (i = 0; i < size; ++i) {
      if (std::isnan(map[i])) return {map[i], i};
    }
  }
  for (; block + kLanes <= size; block += kLanes) {
    V values;
    std::memcpy(&values, map + block, kBytes);
    if (any(values == maximum)) break;
  }
  while (map[block] != maximum) ++block;
  return {maximum, block};
}

#if RMPE_X86
// RMPE_MULTIVERSION would use one vector width for all processors.
template <typename T>
RMPE_AVX2 Peak<T> find_peak_avx2(const T* map, int64_t size) {
  return first_maximum<32>(map, size);
}

template <typename T>
Peak<T> find_peak(const T* map, int64_t size) {
  return has_avx2() ? find_peak_avx2(map, size) : first_maximum<16>(map, size);
}
#else
template <typename T>
Peak<T> find_peak(const T* map, int64_t size) {
  return first_maximum<16>(map, size);
}
#endif

}  // namespace rmpe::cpu
