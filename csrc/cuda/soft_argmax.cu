// Cost: a block reads one map twice, from memory and then from the cache, with about 40
// instructions per value, most of them for the exponential. These take as long as reading float32
// on GPUs with the fastest memory, and a quarter of that on others. The gradient reads a map once,
// writes as much, and computes the same exponential.
#include <cmath>

#include "cuda/grid_size.h"
#include "cuda/maps.h"
#include "cuda/peak.h"
#include "cuda/soft_argmax.h"

namespace rmpe::cuda {
namespace {

// Fewer loads in flight suffice, because there is much to compute, and keep the code short.
template <typename Stored>
using Map = PlainMap<Stored, 4>;

// Sums of the weights, and of the weights times the distance from the peak.
template <typename T>
struct Moments {
  T total, x, y;
};

template <typename T>
struct Shared {
  Peak<T> peaks[kMaxWarps];
  Moments<T> moments[kMaxWarps];
};

// The sums over the values that one of several threads reads.
template <typename Stored, typename T = ComputeType<Stored>>
__device__ Moments<T> thread_moments(const Map<Stored>& map, int thread, int threads,
                                     const Peak<T>& peak, T beta) {
  const Place center(peak.index, map.width);
  const auto weight = [&](T value) { return exp_nonpositive(beta * (value - peak.value)); };
  Moments<T> sums{};
  if (map.has_pieces_of_rows()) {
    for_each_piece(map, thread, threads, [&](const Vector<Stored>& piece, const Place& place) {
      const T x = T(place.x - center.x), y = T(place.y - center.y);
      T total = 0;
#pragma unroll
      for (int i = 0; i < Vector<Stored>::kSize; ++i) {
        const T one = weight(map.value(piece, i));
        total += one;
        sums.x += (x + T(i)) * one;
      }
      sums.total += total;
      sums.y += y * total;
    });
  } else {
    for_each_value(map, thread, threads, [&](T value, const Place& place) {
      const T one = weight(value);
      sums.total += one;
      sums.x += T(place.x - center.x) * one;
      sums.y += T(place.y - center.y) * one;
    });
  }
  return sums;
}

template <typename Stored, typename T = ComputeType<Stored>>
__global__ void __launch_bounds__(kMaxThreads, kBlocksPerProcessor<T>)
    soft_argmax_kernel(const Stored* __restrict__ heatmaps,  // [maps, size]
                       int size, int width, T beta,
                       // outputs
                       T* __restrict__ keypoints,               // [maps, 2]
                       Partition<T>* __restrict__ partition) {  // [maps]
  Shared<T>& shared = *shared_memory<Shared<T>>();
  const int64_t item = blockIdx.x;
  const int thread = int(threadIdx.x), threads = int(blockDim.x);
  const Map<Stored> map(heatmaps + item * size, size, width);
  const Peak<T> peak = block_peak(thread_peak(map, thread, threads), shared.peaks);
  if (!(peak.value * T(0) == T(0))) {  // NaN or infinite
    if (thread == 0) {
      keypoints[2 * item] = keypoints[2 * item + 1] = T(NAN);
      partition[item] = {peak.value, T(NAN)};
    }
    return;
  }

  Moments<T> sums = thread_moments(map, thread, threads, peak, beta);
  sums = {warp_sum(sums.total), warp_sum(sums.x), warp_sum(sums.y)};
  if (thread % kWarpSize == 0) shared.moments[thread / kWarpSize] = sums;
  __syncthreads();
  if (thread > 0) return;

  double total = 0.0, moment_x = 0.0, moment_y = 0.0;
  for (int warp = 0; warp < threads / kWarpSize; ++warp) {
    total += double(shared.moments[warp].total);
    moment_x += double(shared.moments[warp].x);
    moment_y += double(shared.moments[warp].y);
  }
  const Place center(peak.index, width);
  keypoints[2 * item] = T(double(center.x) + moment_x / total);
  keypoints[2 * item + 1] = T(double(center.y) + moment_y / total);
  partition[item] = {peak.value, T(total)};
}

template <typename Stored, typename T = ComputeType<Stored>>
__global__ void __launch_bounds__(kMaxThreads, kBlocksPerProcessor<T>)
    soft_argmax_backward_kernel(const T* __restrict__ grad,                  // [maps, 2]
                                const Stored* __restrict__ heatmaps,         // [maps, size]
                                const T* __restrict__ keypoints,             // [maps, 2]
                                const Partition<T>* __restrict__ partition,  // [maps]
                                int size, int width, T beta,
                                // outputs
                                Stored* __restrict__ grad_heatmaps) {  // [maps, size]
  const int64_t item = blockIdx.x;
  const int thread = int(threadIdx.x), threads = int(blockDim.x);
  const Map<Stored> map(heatmaps + item * size, size, width);
  Stored* out = grad_heatmaps + item * size;
  const Partition<T> softmax = partition[item];
  const bool has_answer = softmax.total == softmax.total;
  const SoftArgmaxGradient<T> g{beta,
                                softmax.maximum,
                                beta / softmax.total,
                                keypoints[2 * item],
                                keypoints[2 * item + 1],
                                grad[2 * item],
                                grad[2 * item + 1]};
  const auto gradient = [&](T value, T x, T y) {
    Stored stored;
    narrow(has_answer ? soft_argmax_gradient(g, value, x, y) : T(0), stored);
    return stored;
  };
  if (map.has_pieces_of_rows() && is_aligned(out)) {
    for_each_piece(map, thread, threads, [&](const Vector<Stored>& piece, const Place& place) {
      Stored values[Vector<Stored>::kSize];
#pragma unroll
      for (int i = 0; i < Vector<Stored>::kSize; ++i) {
        values[i] = gradient(map.value(piece, i), T(place.x) + T(i), T(place.y));
      }
      store_vector(values, out + place.index);
    });
  } else {
    for_each_value(map, thread, threads, [&](T value, const Place& place) {
      out[place.index] = gradient(value, T(place.x), T(place.y));
    });
  }
}

}  // namespace

template <typename Stored, typename T>
void launch_soft_argmax(const Stored* heatmaps, int64_t maps, int64_t height, int64_t width, T beta,
                        cudaStream_t stream, T* keypoints, Partition<T>* partition) {
  const int size = map_size("heatmaps", height, width);
  launch(soft_argmax_kernel<Stored>, dim3(grid_size("heatmaps", maps, 1)),
         dim3(threads_for<Map<Stored>>(size)), sizeof(Shared<T>), stream, heatmaps, size,
         int(width), beta, keypoints, partition);
}

template <typename Stored, typename T>
void launch_soft_argmax_backward(const T* grad, const Stored* heatmaps, const T* keypoints,
                                 const Partition<T>* partition, int64_t maps, int64_t height,
                                 int64_t width, T beta, cudaStream_t stream,
                                 Stored* grad_heatmaps) {
  const int size = map_size("heatmaps", height, width);
  launch(soft_argmax_backward_kernel<Stored>, dim3(grid_size("heatmaps", maps, 1)),
         dim3(threads_for<Map<Stored>>(size)), 0, stream, grad, heatmaps, keypoints, partition,
         size, int(width), beta, grad_heatmaps);
}

template void launch_soft_argmax(const float*, int64_t, int64_t, int64_t, float, cudaStream_t,
                                 float*, Partition<float>*);
template void launch_soft_argmax(const double*, int64_t, int64_t, int64_t, double, cudaStream_t,
                                 double*, Partition<double>*);
template void launch_soft_argmax(const Half*, int64_t, int64_t, int64_t, float, cudaStream_t,
                                 float*, Partition<float>*);
template void launch_soft_argmax(const BFloat16*, int64_t, int64_t, int64_t, float, cudaStream_t,
                                 float*, Partition<float>*);
template void launch_soft_argmax_backward(const float*, const float*, const float*,
                                          const Partition<float>*, int64_t, int64_t, int64_t, float,
                                          cudaStream_t, float*);
template void launch_soft_argmax_backward(const double*, const double*, const double*,
                                          const Partition<double>*, int64_t, int64_t, int64_t,
                                          double, cudaStream_t, double*);
template void launch_soft_argmax_backward(const float*, const Half*, const float*,
                                          const Partition<float>*, int64_t, int64_t, int64_t, float,
                                          cudaStream_t, Half*);
template void launch_soft_argmax_backward(const float*, const BFloat16*, const float*,
                                          const Partition<float>*, int64_t, int64_t, int64_t, float,
                                          cudaStream_t, BFloat16*);

}  // namespace rmpe::cuda
