// Helpers of the AVX2 loops of crop. One vector has the taps of columns 0, 1, 4, 5, another those
// of columns 2, 3, 6, 7. Each 128-bit half has two columns: first their left taps, then their right
// ones.
#pragma once

#include "cpu/instructions.h"

#if RMPE_X86

#include <cstdint>

namespace rmpe::cpu {

// Index bits of a byte shuffle that make the upper three bytes of a 32-bit lane 0.
constexpr int32_t kLowByteOnly = int32_t(0x80808000u);

RMPE_AVX2 inline __m256i join(__m128i low, __m128i high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

// The first two lanes of each half of both vectors, which are eight columns in order; and the other
// two.
RMPE_AVX2 inline __m256 firsts(__m256 a, __m256 b) { return _mm256_shuffle_ps(a, b, 0x44); }
RMPE_AVX2 inline __m256 seconds(__m256 a, __m256 b) { return _mm256_shuffle_ps(a, b, 0xee); }

}  // namespace rmpe::cpu

#endif
