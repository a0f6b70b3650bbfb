// Dispatch for loops written with intrinsics: byte shuffles of x86, which compilers do not find.
// RMPE_MULTIVERSION is preferred wherever it suffices.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)
#define RMPE_X86 1
#include <immintrin.h>
// Mark functions that use the instructions of a set.
#define RMPE_AVX2 __attribute__((target("avx2")))
#define RMPE_AVX512_VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))
#else
#define RMPE_X86 0
#endif

namespace rmpe::cpu {

enum class Instructions { kPortable, kAvx2, kAvx512Vbmi };

#if RMPE_X86
inline bool has_avx2() { return __builtin_cpu_supports("avx2"); }
#endif

// The best set that this processor has.
inline Instructions best_instructions() {
#if RMPE_X86
  static const Instructions best = __builtin_cpu_supports("avx512vbmi") &&
                                           __builtin_cpu_supports("avx512bw") &&
                                           __builtin_cpu_supports("avx512vl")
                                       ? Instructions::kAvx512Vbmi
                                   : has_avx2() ? Instructions::kAvx2
                                                : Instructions::kPortable;
  return best;
#else
  return Instructions::kPortable;
#endif
}

}  // namespace rmpe::cpu
