// What kernels need beyond plain C++: the names of CUDA, launches and shared memory. No other file
// of this folder includes CUDA headers. With RMPE_CUDA_ON_HOST, all of it comes from
// tests/cpp/cuda, which runs every kernel as plain C++ on machines without a GPU.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(RMPE_CUDA_ON_HOST)

#include "cuda_on_host.h"

namespace rmpe::cuda {

template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t,
            Arguments&&... arguments) {
  cuda_on_host::run_grid(grid, block, shared_bytes, [&] { kernel(arguments...); });
}

inline void zero(void* data, size_t bytes, cudaStream_t) {
  if (bytes > 0) memset(data, 0, bytes);
}

template <typename T>
T* shared_memory() {
  return static_cast<T*>(cuda_on_host::shared_memory());
}

}  // namespace rmpe::cuda

#elif defined(__CUDACC__)

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace rmpe::cuda {

inline void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

// Launches a kernel, or nothing if the grid is empty.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
            cudaStream_t stream, Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  kernel<<<grid, block, shared_bytes, stream>>>(std::forward<Arguments>(arguments)...);
  check(cudaGetLastError(), "a CUDA kernel could not be launched");
}

// Sets device memory to 0, in the order of the stream.
inline void zero(void* data, size_t bytes, cudaStream_t stream) {
  if (bytes > 0) check(cudaMemsetAsync(data, 0, bytes, stream), "device memory was not zeroed");
}

// The shared memory of the block; its size is an argument of the launch.
template <typename T>
__device__ T* shared_memory() {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  return reinterpret_cast<T*>(shared_bytes);
}

}  // namespace rmpe::cuda

#else  // a binding, which needs the type of streams only

#include <cuda_runtime_api.h>

#endif
