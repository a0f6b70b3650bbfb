#include "cpu/convert.h"

#include "core/macros.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#define RMPE_F16C 1
#endif

namespace rmpe::cpu {
namespace {

RMPE_MULTIVERSION void widen_each(const Half* values, int64_t size, float* __restrict out) {
  for (int64_t i = 0; i < size; ++i) out[i] = widen(values[i]);
}
RMPE_MULTIVERSION void narrow_each(const float* values, int64_t size, Half* __restrict out) {
  for (int64_t i = 0; i < size; ++i) narrow(values[i], out[i]);
}

#ifdef RMPE_F16C
// Processors with AVX2 convert eight values by one instruction.
__attribute__((target("avx2,f16c"))) void widen_f16c(const Half* values, int64_t size, float* out) {
  int64_t i = 0;
  for (; i + 8 <= size; i += 8) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values + i));
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(halves));
  }
  for (; i < size; ++i) out[i] = widen(values[i]);
}
__attribute__((target("avx2,f16c"))) void narrow_f16c(const float* values, int64_t size,
                                                      Half* out) {
  int64_t i = 0;
  for (; i + 8 <= size; i += 8) {
    const __m256 floats = _mm256_loadu_ps(values + i);
    const __m128i halves = _mm256_cvtps_ph(floats, _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), halves);
  }
  for (; i < size; ++i) narrow(values[i], out[i]);
}

// __builtin_cpu_supports of Clang 14 does not know f16c. cpuid is called once, because it is slow
// in a virtual machine.
bool has_f16c() {
  static const bool has = [] {
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx2") && __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
  }();
  return has;
}
#endif

}  // namespace

void widen_all(const Half* values, int64_t size, float* out) {
#ifdef RMPE_F16C
  if (has_f16c()) return widen_f16c(values, size, out);
#endif
  widen_each(values, size, out);
}

void narrow_all(const float* values, int64_t size, Half* out) {
#ifdef RMPE_F16C
  if (has_f16c()) return narrow_f16c(values, size, out);
#endif
  narrow_each(values, size, out);
}

RMPE_MULTIVERSION void widen_all(const BFloat16* values, int64_t size, float* __restrict out) {
  for (int64_t i = 0; i < size; ++i) out[i] = widen(values[i]);
}
RMPE_MULTIVERSION void narrow_all(const float* values, int64_t size, BFloat16* __restrict out) {
  for (int64_t i = 0; i < size; ++i) narrow(values[i], out[i]);
}

}  // namespace rmpe::cpu
