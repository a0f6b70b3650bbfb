// The largest value of a map, and where it first is.
#pragma once

#include <cmath>

#include "cuda/maps.h"

namespace rmpe::cuda {

template <typename T>
struct Peak {
  T value;    // NaN where the map holds a NaN
  int index;  // the first that has the value
};

template <typename T>
__device__ bool precedes(const Peak<T>& a, const Peak<T>& b) {
  return (a.value > b.value) | (a.value != a.value) | ((a.value == b.value) & (a.index < b.index));
}

// Of the values that fall to one of several threads.
template <typename Map, typename T = typename Map::Value>
__device__ Peak<T> thread_peak(const Map& map, int thread, int threads) {
  Peak<T> peak{T(-INFINITY), 0};
  const auto update = [&](T value, int index) {  // in the order of their indices
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

// Of all lanes, for all lanes.
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

// Of all threads of the block, for all of them.
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
