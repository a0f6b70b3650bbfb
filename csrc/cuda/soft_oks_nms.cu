// Cost: about 45 instructions per joint of a pair, two thirds of them exp. Each pick is compared
// with all others of its image: 20 picks of 64 poses are 40 warps of pairs. The picks are made one
// after the other, each with a reduction and a barrier, and these rounds take most of the time.
#include <cmath>

#include "core/oks_nms.h"
#include "cuda/greedy.h"
#include "cuda/grid_size.h"
#include "cuda/groups.h"
#include "cuda/oks_joint_scales.h"
#include "cuda/poses.h"
#include "cuda/scratch.h"
#include "cuda/soft_oks_nms.h"
#include "cuda/warp.h"

namespace rmpe::cuda {
namespace {

constexpr int kSoftThreads = 256;
constexpr unsigned kSoftWarps = kSoftThreads / kWarpSize;

// A thread works on the same poses of an image throughout: on every kSoftThreads-th from its own
// index on. No other thread accesses what it stores about them.
template <typename T>
struct SoftScratch {
  Groups images;       // in each, comparable poses come first; otherwise in input order
  double* confidence;  // [N]
  double* comparable;  // [N], 1 or 0
  double* decayed;     // [N], by place: confidence lowered by the picks
  T* joint_scales;     // [K]
  T* joints;           // [2 K, N], by place: x and y, so that a warp reads neighbors

  SoftScratch(const int64_t* image_index, int64_t N, int64_t K, int64_t slots, Scratch& scratch)
      : images(image_index, N, slots, scratch),
        confidence(scratch.allocate<double>(N)),
        comparable(scratch.allocate<double>(N)),
        decayed(scratch.allocate<double>(N)),
        joint_scales(scratch.allocate<T>(K)),
        joints(scratch.allocate<T>(2 * K * N)) {}
};

template <typename T>
__global__ void __launch_bounds__(kRankThreads)
    soft_confidence_kernel(PoseList<T> poses,
                           const T* __restrict__ areas,  // [N]
                           SoftScratch<T> scratch) {
  unsigned* flags = shared_memory<unsigned>();  // [kRankThreads]
  const int64_t N = scratch.images.N;
  const int64_t first = int64_t(blockIdx.x) * kRankThreads, i = first + threadIdx.x;
  const int64_t count = N - first < kRankThreads ? N - first : kRankThreads;
  flags[threadIdx.x] = 0;
  __syncthreads();
  flag_not_finite(poses, first, count, flags);
  flag_not_finite(areas, 1, first, count, flags);
  __syncthreads();
  if (i < N) {
    const double confidence = poses.confidence(i);
    scratch.confidence[i] = confidence;
    scratch.comparable[i] = !flags[threadIdx.x] && is_finite(confidence) ? 1.0 : 0.0;
  }
  join(scratch.images, i, i < N ? find_slot(scratch.images, i) : kNoSlot);
}

// The pose to pick next: the first one with the highest score.
struct Pick {
  double score;
  unsigned place;  // or kNoPlace
};
constexpr unsigned kNoPlace = ~0u;

__device__ Pick better(const Pick& a, const Pick& b) {
  if (a.place == kNoPlace || b.place == kNoPlace) return a.place == kNoPlace ? b : a;
  if (a.score > b.score || b.score > a.score) return a.score > b.score ? a : b;
  return a.place < b.place ? a : b;
}

struct SoftShared {
  Pick picks[2][kSoftWarps];  // of each warp; used in turns, so that a round needs one barrier
  unsigned candidates;
};

template <typename T>
__global__ void __launch_bounds__(kSoftThreads, 1)
    soft_oks_nms_kernel(PoseList<T> poses,
                        const T* __restrict__ areas,  // [N]
                        SoftOksParameters parameters, SoftScratch<T> scratch,
                        // outputs
                        bool* __restrict__ keep,       // [N]
                        T* __restrict__ pose_scores,   // [N]
                        int64_t* __restrict__ rank) {  // [N]
  auto& shared = *shared_memory<SoftShared>();
  const Groups& images = scratch.images;
  const unsigned image_count = images.group_count();
  const int64_t K = poses.K, N = images.N;

  for (unsigned image = blockIdx.x; image < image_count; image += gridDim.x) {
    const Range range = images.range(image);
    const unsigned* items = images.ordered + range.first;
    double* decayed = scratch.decayed + range.first;
    T* joints = scratch.joints + range.first;
    __syncthreads();  // no thread needs the image before
    if (threadIdx.x == 0) shared.candidates = 0;
    __syncthreads();
    for (unsigned m = threadIdx.x; m < range.size; m += kSoftThreads) {
      const unsigned item = items[m];
      keep[item] = false;
      rank[item] = -1;
      decayed[m] = scratch.confidence[item];
      pose_scores[item] = T(decayed[m]);
      if (scratch.comparable[item] == 0.0) continue;
      atomicAdd(&shared.candidates, 1u);
      const T* xy = poses.xy(item);
      for (int64_t k = 0; k < 2 * K; ++k) joints[k * N + m] = xy[k];
    }
    __syncthreads();
    const unsigned candidates = shared.candidates;
    const int64_t picks =
        parameters.max_kept < int64_t(candidates) ? parameters.max_kept : int64_t(candidates);

    for (int64_t round = 0; round < picks; ++round) {
      Pick best{0.0, kNoPlace};
      for (unsigned m = threadIdx.x; m < candidates; m += kSoftThreads) {
        if (rank[items[m]] < 0) best = better(best, {decayed[m], m});
      }
      for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
        best = better(best, {__shfl_xor_sync(kAllLanes, best.score, distance),
                             __shfl_xor_sync(kAllLanes, best.place, distance)});
      }
      Pick* of_warps = shared.picks[round % 2];
      if (threadIdx.x % kWarpSize == 0) of_warps[threadIdx.x / kWarpSize] = best;
      __syncthreads();
      for (unsigned warp = 0; warp < kSoftWarps; ++warp) best = better(best, of_warps[warp]);

      const unsigned picked = items[best.place];
      if (best.place % kSoftThreads == threadIdx.x) {
        keep[picked] = true;
        rank[picked] = round;
        pose_scores[picked] = T(best.score);
      }
      const T* xy = poses.xy(picked);
      const T half_area = oks_half_area(areas[picked]);
      for (unsigned m = threadIdx.x; m < candidates; m += kSoftThreads) {
        const unsigned item = items[m];
        if (rank[item] >= 0) continue;
        const T falloff = oks_falloff(oks_half_area(areas[item]), half_area);
        T sum = 0;
        for (int64_t n = 0; n < K; ++n) {
          sum += oks_joint(xy[2 * n] - joints[2 * n * N + m],
                           xy[2 * n + 1] - joints[(2 * n + 1) * N + m], falloff,
                           scratch.joint_scales[n]);
        }
        decayed[m] *= soft_nms_decay(sum / T(K), parameters);
        pose_scores[item] = T(decayed[m]);
      }
    }
    // Poses that cannot be compared are kept last.
    for (unsigned m = threadIdx.x; m < range.size; m += kSoftThreads) {
      if (m < candidates || picks + (m - candidates) >= parameters.max_kept) continue;
      keep[items[m]] = true;
      rank[items[m]] = picks + (m - candidates);
    }
  }
}

}  // namespace

template <typename T>
size_t soft_oks_nms_scratch_bytes(int64_t N, int64_t K, bool many_images) {
  Scratch scratch;
  SoftScratch<T>(nullptr, N, K, image_table_slots(N, many_images), scratch);
  return scratch.bytes();
}

template <typename T>
void launch_soft_oks_nms(const PoseList<T>& poses, const T* areas, const T* sigmas,
                         const SoftOksParameters& parameters, const int64_t* image_index, int64_t N,
                         void* scratch_memory, cudaStream_t stream, bool* keep, T* pose_scores,
                         int64_t* rank) {
  if (N == 0) return;
  Scratch memory(scratch_memory);
  const bool many_images = image_index != nullptr;
  const SoftScratch<T> scratch(image_index, N, poses.K, image_table_slots(N, many_images), memory);
  launch_joint_scales(sigmas, poses.K, stream, scratch.joint_scales);
  clear(scratch.images, stream);
  launch(soft_confidence_kernel<T>, dim3(grid_size("poses", N, kRankThreads)), dim3(kRankThreads),
         kRankThreads * sizeof(unsigned), stream, poses, areas, scratch);
  launch_order_groups("poses", scratch.images, ByScore{scratch.comparable}, stream);
  launch(soft_oks_nms_kernel<T>, dim3(image_blocks(N, many_images)), dim3(kSoftThreads),
         sizeof(SoftShared), stream, poses, areas, parameters, scratch, keep, pose_scores, rank);
}

template size_t soft_oks_nms_scratch_bytes<float>(int64_t, int64_t, bool);
template size_t soft_oks_nms_scratch_bytes<double>(int64_t, int64_t, bool);
template void launch_soft_oks_nms(const PoseList<float>&, const float*, const float*,
                                  const SoftOksParameters&, const int64_t*, int64_t, void*,
                                  cudaStream_t, bool*, float*, int64_t*);
template void launch_soft_oks_nms(const PoseList<double>&, const double*, const double*,
                                  const SoftOksParameters&, const int64_t*, int64_t, void*,
                                  cudaStream_t, bool*, double*, int64_t*);

}  // namespace rmpe::cuda
