// CUDA's names for a host compiler: csrc/cuda/*.cu compiles as plain C++ with this, and its kernels
// run on the CPU. It finds wrong indices, reductions, barriers and boundaries; it says nothing of
// speed.
//
// A block's threads are fibers on one thread of the system. Each runs until it waits (for the
// block's barrier, or for the lanes of a warp operation), and then the next one runs, so between
// two barriers every thread either ran wholly before another or wholly after it. Which of the two
// is a matter of the schedule: a kernel whose result depends on it lacks a barrier. Under
// ThreadSanitizer fibers are threads, only barriers, warp operations and atomics order them, and
// what lacks a barrier is reported as a data race.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <type_traits>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __restrict__ __restrict

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) double2 {
  double x, y;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

using cudaStream_t = void*;

constexpr int warpSize = 32;
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace cuda_on_host {

// The order in which the threads of a block run between two barriers.
enum class Schedule { kForward, kBackward, kShuffled };
void set_schedule(Schedule schedule);

// A kernel did what CUDA leaves undefined: not all threads came to a barrier, or to a warp
// operation that named them, or a lane was read that took no part.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Runs a kernel to its end, block after block. The shared memory of a block is exactly as large as
// asked for and starts as all ones: NaN for a float, -1 for an integer.
void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()>& kernel);

void* shared_memory();
void wait_for_block();
int count_in_block(bool predicate);
// Posts a value for the lanes in `mask`, waits for all of them, and returns what each posted.
const uint64_t* exchange_in_warp(unsigned mask, uint64_t value);
unsigned lane();
[[noreturn]] void fault(const char* what);

template <typename T>
T shuffle(unsigned mask, T value, unsigned source) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t), "");
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  const uint64_t* posted = exchange_in_warp(mask, bits);
  if (source >= 32 || !(mask >> source & 1u)) fault("a shuffle reads a lane outside its mask");
  memcpy(&value, &posted[source], sizeof value);
  return value;
}

}  // namespace cuda_on_host

inline void __syncthreads() { cuda_on_host::wait_for_block(); }
inline int __syncthreads_count(int predicate) { return cuda_on_host::count_in_block(predicate); }
inline int __syncthreads_or(int predicate) { return cuda_on_host::count_in_block(predicate) > 0; }
inline int __syncthreads_and(int predicate) {
  return cuda_on_host::count_in_block(!predicate) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu) { cuda_on_host::exchange_in_warp(mask, 0); }

template <typename T>
T __shfl_sync(unsigned mask, T value, int source) {
  return cuda_on_host::shuffle(mask, value, unsigned(source) % 32u);
}
// Beyond the ends of the warp, a lane keeps its own value.
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta) {
  const unsigned lane = cuda_on_host::lane();
  return cuda_on_host::shuffle(mask, value, lane >= delta ? lane - delta : lane);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta) {
  const unsigned lane = cuda_on_host::lane();
  return cuda_on_host::shuffle(mask, value, lane + delta < 32 ? lane + delta : lane);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes) {
  return cuda_on_host::shuffle(mask, value, cuda_on_host::lane() ^ unsigned(lanes));
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  const uint64_t* posted = cuda_on_host::exchange_in_warp(mask, predicate != 0);
  unsigned ballot = 0;
  for (unsigned i = 0; i < 32; ++i) {
    if ((mask >> i & 1u) && posted[i]) ballot |= 1u << i;
  }
  return ballot;
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) {
  return __ballot_sync(mask, predicate) == mask;
}

inline int __popc(unsigned value) { return __builtin_popcount(value); }
inline int __popcll(unsigned long long value) { return __builtin_popcountll(value); }
inline int __ffs(int value) { return __builtin_ffs(value); }
inline int __ffsll(long long value) { return __builtin_ffsll(value); }
inline int __clz(int value) { return value == 0 ? 32 : __builtin_clz(unsigned(value)); }
inline int __clzll(long long value) {
  return value == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(value));
}

template <typename T>
T __ldg(const T* address) {
  return *address;
}

// Atomics, as ThreadSanitizer knows them.
template <typename T>
T atomicExch(T* address, T value) {
  T old;
  __atomic_exchange(address, &value, &old, __ATOMIC_RELAXED);
  return old;
}
template <typename T>
T atomicCAS(T* address, T compare, T value) {
  __atomic_compare_exchange(address, &compare, &value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return compare;
}

namespace cuda_on_host {

template <typename T, typename Update>
T atomic_update(T* address, Update&& update) {
  T old, next;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  do {
    next = update(old);
  } while (
      !__atomic_compare_exchange(address, &old, &next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return old;
}

}  // namespace cuda_on_host

template <typename T>
T atomicAdd(T* address, std::common_type_t<T> value) {
  return cuda_on_host::atomic_update(address, [=](T old) { return T(old + value); });
}
template <typename T>
T atomicMax(T* address, std::common_type_t<T> value) {
  return cuda_on_host::atomic_update(address, [=](T old) { return old > value ? old : value; });
}
template <typename T>
T atomicMin(T* address, std::common_type_t<T> value) {
  return cuda_on_host::atomic_update(address, [=](T old) { return old < value ? old : value; });
}
template <typename T>
T atomicOr(T* address, std::common_type_t<T> value) {
  return cuda_on_host::atomic_update(address, [=](T old) { return T(old | value); });
}
template <typename T>
T atomicAnd(T* address, std::common_type_t<T> value) {
  return cuda_on_host::atomic_update(address, [=](T old) { return T(old & value); });
}
