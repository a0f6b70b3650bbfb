// The largest value of a map, and its first occurrence.
#pragma once

#include <cmath>

#include "cuda/maps.h"

namespace rmpe::cuda {

template <typename T>
struct Peak {
  T value;    // NaN if the map has one
  int index;  // of the first occurrence
};

template <typename T>
__device__ bool precedes(const Peak<T>& a, const Peak<T>& b) {
  return (a.value > b.value) | (a.value != a.value) | ((a.value == b.value) & (a.index < b.index));
}

// The peak of the values that one of several threads reads.
template <typename Map, typename T = typename Map::Value>
__device__ Peak<T> thread_peak(const Map& map, int thread, int threads) {
  Peak<T> peak{T(-INFINITY), 0};
  const auto update = [&](T value, int index) {  // called in the order of the indices
    if (value > peak.value || value != value) peak = {value, index};
  };
  if (map.has_pieces) {
    for_each_piece(map, thread, threads, [&](const typename Map::Piece& piece, const Place& place) {
#pragma unroll
      for (int i = 0; i < Map::kSize; ++i) update(map.value(piece, i), place.index + i);
    });
  } else {
    for_each_value(map, thread, threads,
                   [&](T value, const Place& place) { update(value, place.index); });
  }
  return peak;
}

// The peak of all lanes, in every lane.
template <typename T>
__device__ Peak<T> warp_peak(Peak<T> peak) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    const Peak<T> other{__shfl_xor_sync(kAllLanes, peak.value, distance),
                        __shfl_xor_sync(kAllLanes, peak.index, distance)};
    if (precedes(other, peak)) peak = other;
  }
  return peak;
}

// The peak of all threads of a block, in every thread.
template <typename T>
__device__ Peak<T> block_peak(Peak<T> peak, Peak<T> (&peaks)[kMaxWarps]) {
  peak = warp_peak(peak);
  if (threadIdx.x % kWarpSize == 0) peaks[threadIdx.x / kWarpSize] = peak;
  __syncthreads();
  peak = peaks[0];
  for (unsigned warp = 1; warp < blockDim.x / kWarpSize; ++warp) {
    if (precedes(peaks[warp], peak)) peak = peaks[warp];
  }
  return peak;
}

}  // namespace rmpe::cuda
