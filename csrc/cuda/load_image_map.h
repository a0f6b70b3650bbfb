// Loads the map from crop to image of one person, by a warp.
#pragma once

#include <cstdint>

#include "core/affine.h"
#include "cuda/device.h"
#include "cuda/image_maps.h"
#include "cuda/warp.h"

namespace rmpe::cuda {

// A number as it is stored. It is left unconverted so that the load stays in flight.
struct Number {
  float single_precision;
  double double_precision;
};

// The matrix and the theta of a person have 12 numbers; each lane loads one. Kernels do this first,
// so that the numbers have arrived when they are needed.
__device__ inline Number load_number(const ImageMaps& maps, int64_t n, int lane) {
  Number number{};
  const bool in_matrix = lane < 6;
  const Floats& source = in_matrix ? maps.matrices : maps.theta;
  if (lane >= 12 || !source.data) return number;
  const int64_t i = 6 * n + (in_matrix ? lane : lane - 6);
  if (source.is_double) {
    number.double_precision = static_cast<const double*>(source.data)[i];
  } else {
    number.single_precision = static_cast<const float*>(source.data)[i];
  }
  return number;
}

// The map, from the numbers that the lanes have loaded. All lanes have to call it.
__device__ inline Affine image_map(const ImageMaps& maps, const Number& number, int lane) {
  const bool is_double = lane < 6 ? maps.matrices.is_double : maps.theta.is_double;
  const double value = is_double ? number.double_precision : double(number.single_precision);
  double numbers[12];
#pragma unroll
  for (int i = 0; i < 12; ++i) numbers[i] = __shfl_sync(kAllLanes, value, i);
  const Affine map = maps.matrices.data ? invert(rmpe::load_affine(numbers)) : identity();
  if (!maps.theta.data) return map;
  return compose(
      map, pixel_map(rmpe::load_affine(numbers + 6), maps.height, maps.width, maps.align_corners));
}

}  // namespace rmpe::cuda
