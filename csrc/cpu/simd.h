// Vectors of four lanes, by an extension that GCC and Clang compile to SSE, AVX or NEON. The three
// channels of a pixel fill three lanes.
#pragma once

#include <cstdint>
#include <cstring>

namespace rmpe::cpu {

typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Int4 __attribute__((vector_size(16)));
typedef uint32_t Word4 __attribute__((vector_size(16)));
typedef uint16_t Half8 __attribute__((vector_size(16)));
typedef uint8_t Byte16 __attribute__((vector_size(16)));

// The three channels and 0. Bytes are extended to 32 bits by interleaving with zeros, which every
// instruction set has. GCC 12 compiles __builtin_convertvector of four bytes to scalar code.
inline Float4 load_pixel(const uint8_t* pixel) {
  uint16_t two;
  std::memcpy(&two, pixel, sizeof two);
  const uint32_t three = two | uint32_t(pixel[2]) << 16;  // a fourth byte may not be there
  const Byte16 bytes = (Byte16)Word4{three, 0, 0, 0}, zero = {};
  const Half8 halves = (Half8)__builtin_shufflevector(bytes, zero, 0, 16, 1, 17, 2, 18, 3, 19, 4,
                                                      20, 5, 21, 6, 22, 7, 23);
  const Half8 zeros = {};
  return __builtin_convertvector(
      (Int4)__builtin_shufflevector(halves, zeros, 0, 8, 1, 9, 2, 10, 3, 11), Float4);
}

inline Float4 broadcast(float value) { return Float4{value, value, value, value}; }

inline void store(float* out, Float4 value) { std::memcpy(out, &value, sizeof value); }

// Four pixels of a vector each become three planes of four values. The fourth lanes are ignored.
inline void transpose(const Float4 (&pixels)[4], Float4 (&planes)[3]) {
  const Float4 low01 = __builtin_shufflevector(pixels[0], pixels[1], 0, 4, 1, 5);
  const Float4 low23 = __builtin_shufflevector(pixels[2], pixels[3], 0, 4, 1, 5);
  const Float4 high01 = __builtin_shufflevector(pixels[0], pixels[1], 2, 6, 3, 7);
  const Float4 high23 = __builtin_shufflevector(pixels[2], pixels[3], 2, 6, 3, 7);
  planes[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  planes[1] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  planes[2] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
}

}  // namespace rmpe::cpu
