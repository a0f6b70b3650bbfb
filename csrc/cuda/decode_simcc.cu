// Cost: each vector is read once, a few KB per joint, with four instructions per value; memory is
// the bottleneck. A block has two warps. One reads the x vector of a joint, the other the y vector,
// usually with loads of all of it in flight at once.
#include "cuda/decode_simcc.h"
#include "cuda/grid_size.h"
#include "cuda/joints.h"
#include "cuda/load_image_map.h"
#include "cuda/maps.h"
#include "cuda/peak.h"

namespace rmpe::cuda {
namespace {

constexpr int kAxes = 2, kThreads = kAxes * kWarpSize;

template <typename Stored, bool kFlip>
struct SimccLaunch {
  SimccBatch<Stored> batch;
  Joints<kFlip> joints;
};

// The vector of a joint along one axis, as a map of one row. A mirrored image reverses x only.
template <typename Stored, bool kFlip>
__device__ auto vector_of(const SimccLaunch<Stored, kFlip>& launch, unsigned n, unsigned k,
                          bool along_y) {
  const SimccVectors<Stored>& vectors = along_y ? launch.batch.y : launch.batch.x;
  const int size = int(vectors.size);
  const Stored* values = vectors.vector(n, launch.joints.first + k);
  if constexpr (kFlip) {
    return AveragedMap<Stored>(values, vectors.flipped_vector(n, launch.joints.swapped[k]), size,
                               size, along_y ? Order::kSame : Order::kMirrored);
  } else {
    return PlainMap<Stored>(values, size, size);
  }
}

template <typename Stored, bool kFlip, typename T = ComputeType<Stored>>
__global__ void __launch_bounds__(kThreads)
    decode_simcc_kernel(const __grid_constant__ SimccLaunch<Stored, kFlip> launch,
                        // outputs
                        T* __restrict__ keypoints,  // [N, K, 2]
                        T* __restrict__ scores) {   // [N, K]
  Peak<T>& y_peak = *shared_memory<Peak<T>>();
  const SimccBatch<Stored>& batch = launch.batch;
  const unsigned n = blockIdx.x / launch.joints.count, k = blockIdx.x % launch.joints.count;
  const int lane = int(threadIdx.x) % kWarpSize;
  const bool along_y = int(threadIdx.x) >= kWarpSize;
  const Number number = load_number(batch.to_image, n, int(threadIdx.x));

  const Peak<T> peak = warp_peak(thread_peak(vector_of(launch, n, k, along_y), lane, kWarpSize));
  if (along_y && lane == 0) y_peak = peak;
  __syncthreads();
  if (along_y) return;

  const T score = simcc_score(batch.score, peak.value, y_peak.value);
  Point point = simcc_point(score, peak.index, y_peak.index, batch.split_ratio);
  if (batch.to_image.are_given()) {
    point = map_point(image_map(batch.to_image, number, lane), point);
  }
  if (lane == 0) {
    const int64_t item = int64_t(n) * batch.K + launch.joints.first + k;
    keypoints[2 * item] = T(point.x);
    keypoints[2 * item + 1] = T(point.y);
    scores[item] = score;
  }
}

template <bool kFlip, typename Stored, typename T>
void launch_all(const SimccBatch<Stored>& batch, cudaStream_t stream, T* keypoints, T* scores) {
  for_each_launch<kFlip>(batch.swapped_joint, batch.K, [&](const Joints<kFlip>& joints) {
    launch(decode_simcc_kernel<Stored, kFlip>, dim3(grid_size("maps", batch.N * joints.count, 1)),
           dim3(kThreads), sizeof(Peak<T>), stream, SimccLaunch<Stored, kFlip>{batch, joints},
           keypoints, scores);
  });
}

}  // namespace

template <typename Stored>
void launch_decode_simcc(const SimccBatch<Stored>& batch, cudaStream_t stream,
                         ComputeType<Stored>* keypoints, ComputeType<Stored>* scores) {
  map_size("x_maps", 1, batch.x.size);
  map_size("y_maps", 1, batch.y.size);
  if (batch.x.flipped) {
    launch_all<true>(batch, stream, keypoints, scores);
  } else {
    launch_all<false>(batch, stream, keypoints, scores);
  }
}

template void launch_decode_simcc(const SimccBatch<float>&, cudaStream_t, float*, float*);
template void launch_decode_simcc(const SimccBatch<double>&, cudaStream_t, double*, double*);
template void launch_decode_simcc(const SimccBatch<Half>&, cudaStream_t, float*, float*);
template void launch_decode_simcc(const SimccBatch<BFloat16>&, cudaStream_t, float*, float*);

}  // namespace rmpe::cuda
