// Sums of the gradient to the input, to which threads add in no fixed order.
#pragma once

#include <cmath>
#include <cstdint>

#include "cuda/device.h"

namespace rmpe::cuda {

// In floating point. The last bits depend on the order.
template <typename T>
struct FloatSums {
  T* values;  // [planes, pixels], initially zeros; null: not computed
  int64_t pixels;

  __device__ T term(int64_t, T value) const { return value; }
  __device__ void add(int64_t plane, int32_t pixel, T weight, T term) const {
    atomicAdd(values + plane * pixels + pixel, weight * term);
  }
  __device__ T total(int64_t plane, int32_t pixel) const { return values[plane * pixels + pixel]; }
};

// All values of a plane are smaller than 2 to the power of its exponent. Exponents are stored with
// a bias: 0 for a plane of zeros, kNotFinite for one with a NaN or an infinity.
constexpr int kExponentBias = 1100;
constexpr unsigned kNotFinite = 0xffffffffu;

inline __device__ unsigned biased_exponent(double value) {
  if (!(value * 0.0 == 0.0)) return kNotFinite;
  return value == 0.0 ? 0u : unsigned(ilogb(value) + 1 + kExponentBias);
}

// In fixed point, because integers have the same sum in any order. Each plane has its own unit, in
// which the largest possible sum takes 62 bits. In a plane of 256x192, that leaves 46 bits for a
// term. The sums of a plane that is not finite are all NaN.
struct FixedSums {
  unsigned long long* values;  // [planes, pixels], initially zeros; null: not computed
  int64_t pixels;
  const unsigned* exponents;  // [planes], biased, of the gradient to the output
  int carry_bits;  // a sum of one term per output pixel has so many bits more than a term

  __device__ double term(int64_t plane, double value) const {
    return exponents[plane] == kNotFinite ? 0.0 : ldexp(value, shift(plane));
  }
  __device__ void add(int64_t plane, int32_t pixel, double weight, double term) const {
    atomicAdd(values + plane * pixels + pixel,
              static_cast<unsigned long long>(llrint(weight * term)));
  }
  __device__ double total(int64_t plane, int32_t pixel) const {
    if (exponents[plane] == kNotFinite) return NAN;
    const auto sum = static_cast<long long>(values[plane * pixels + pixel]);
    return ldexp(double(sum), -shift(plane));
  }

 private:
  __device__ int shift(int64_t plane) const {
    return 62 - carry_bits - (int(exponents[plane]) - kExponentBias);
  }
};

}  // namespace rmpe::cuda
