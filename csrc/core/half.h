// The two 16-bit floating-point formats, and their conversions from and to float32. Conversions
// round to nearest, ties to even. They use integer and float arithmetic only, so that they are
// vectorized on every processor. GPUs have instructions for some, which may give a NaN other bits.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "macros.h"

namespace rmpe {

struct Half {  // IEEE 754 binary16: 1 sign, 5 exponent, 10 mantissa bits
  uint16_t bits;
};

struct BFloat16 {  // the upper half of a float32
  uint16_t bits;
};

RMPE_HD float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

RMPE_HD uint32_t bits_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

RMPE_HD float widen(float value) { return value; }
RMPE_HD double widen(double value) { return value; }
RMPE_HD float widen(BFloat16 value) { return float_from_bits(uint32_t(value.bits) << 16); }
RMPE_HD float widen(Half value) {
#if defined(__CUDA_ARCH__)
  float wide;
  asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(value.bits));
  return wide;
#else
  const uint32_t magnitude = value.bits & 0x7fffu, sign = uint32_t(value.bits & 0x8000u) << 16;
  // The bias of the exponent changes from 15 to 127. The exponent of infinity and NaN changes from
  // 31 to 255.
  const uint32_t rebias = magnitude >= 0x7c00u ? 224u << 23 : 112u << 23;
  const uint32_t normal = (magnitude << 13) + rebias;
  // A subnormal is an integer times 2^-24. Computed so, it survives "denormals are zero" modes.
  const uint32_t subnormal = bits_from_float(float(int32_t(magnitude)) * (1.0f / 16777216.0f));
  return float_from_bits((magnitude < 0x0400u ? subnormal : normal) | sign);
#endif
}

RMPE_HD void narrow(float value, float& out) { out = value; }
RMPE_HD void narrow(double value, double& out) { out = value; }
RMPE_HD void narrow(float value, BFloat16& out) {
  const uint32_t bits = bits_from_float(value), magnitude = bits & 0x7fffffffu;
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t nan = (bits >> 16) | 0x40u;  // the quiet bit, without which it could be infinity
  out.bits = uint16_t(magnitude > 0x7f800000u ? nan : rounded);
}
RMPE_HD void narrow(float value, Half& out) {
#if defined(__CUDA_ARCH__)
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(out.bits) : "f"(value));
#else
  const uint32_t bits = bits_from_float(value), magnitude = bits & 0x7fffffffu;
  const uint32_t normal = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - (112u << 23)) >> 13;
  // Below 2^-14 the last place is 2^-24, as that of 0.5 in float32 is: adding 0.5 rounds to it.
  const uint32_t subnormal =
      bits_from_float(float_from_bits(magnitude) + 0.5f) - bits_from_float(0.5f);
  const uint32_t special = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
  const uint32_t finite = magnitude < 0x38800000u ? subnormal : normal;
  // From 65520 on, values round to infinity.
  out.bits = uint16_t((magnitude >= 0x477ff000u ? special : finite) | ((bits >> 16) & 0x8000u));
#endif
}

// The type that values of a stored type are computed in: float32 for the 16-bit formats.
template <typename Stored>
using ComputeType = std::conditional_t<std::is_same_v<Stored, double>, double, float>;

}  // namespace rmpe
