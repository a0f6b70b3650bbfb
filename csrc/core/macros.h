// What depends on the compiler.
#pragma once

// Marks a function that CPU loops and CUDA kernels share.
#if defined(__CUDACC__)
#define RMPE_HD __host__ __device__ __forceinline__
#else
#define RMPE_HD inline
#endif

// Marks a hot CPU loop. The compiler emits it for plain x86-64, for AVX2 (v3) and for AVX-512 (v4),
// and the loader picks the best version that the processor runs. All give the same results, because
// the build forbids contraction into fused multiply-adds (-ffp-contract=off). GCC cannot emit
// versions of templates, so these functions are overloaded for float and double instead.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&                           \
    !defined(__SANITIZE_UNDEFINED__)
#define RMPE_MULTIVERSION \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define RMPE_MULTIVERSION
#endif

// Stands before a short loop that is to be vectorized. GCC would otherwise unroll it first, and
// then vectorize only parts of it.
#if defined(__GNUC__) && !defined(__clang__)
#define RMPE_KEEP_LOOP _Pragma("GCC unroll 1")
#else
#define RMPE_KEEP_LOOP
#endif
