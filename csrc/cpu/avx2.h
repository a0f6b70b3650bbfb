// What the loops of a crop that are written for AVX2 have in common. They take the left and the
// right taps of columns 0, 1, 4, 5 in one vector and those of columns 2, 3, 6, 7 in another: of
// each half, the left taps of two columns come first, then their right ones.
#pragma once

#include "cpu/instructions.h"

#if RMPE_X86

#include <cstdint>

namespace rmpe::cpu {

// In the index of a byte shuffle: the upper bytes of a 32-bit lane become 0.
constexpr int32_t kLowByteOnly = int32_t(0x80808000u);

RMPE_AVX2 inline __m256i join(__m128i low, __m128i high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

// What comes first in the halves of both vectors, for eight columns in order; and what second.
RMPE_AVX2 inline __m256 firsts(__m256 a, __m256 b) { return _mm256_shuffle_ps(a, b, 0x44); }
RMPE_AVX2 inline __m256 seconds(__m256 a, __m256 b) { return _mm256_shuffle_ps(a, b, 0xee); }

}  // namespace rmpe::cpu

#endif
