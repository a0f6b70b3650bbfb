// Poses that one pose removed form a group. Its slot is the index of that pose, so that no table is
// searched. Cost: a pose is read and written once, a kept one read twice. A warp works on a pose
// and a lane on a joint; it visits the group in input order, so that sums equal those of the CPU to
// the last bit.
#include <cmath>

#include "cuda/grid_size.h"
#include "cuda/groups.h"
#include "cuda/merge_poses.h"
#include "cuda/scratch.h"
#include "cuda/warp.h"

namespace rmpe::cuda {
namespace {

constexpr int kThreads = 256;

struct ByIndex {
  RMPE_HD bool operator()(unsigned a, unsigned b) const { return a < b; }
};

// A pose whose suppressor does not exist is in no group.
__global__ void __launch_bounds__(kThreads) group_by_suppressor_kernel(Groups groups) {
  const int64_t j = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  unsigned slot = kNoSlot;
  if (j < groups.N) {
    const int64_t i = groups.index[j];
    if (i >= 0 && i < groups.N) slot = unsigned(i);
  }
  join(groups, j, slot);
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    merge_poses_kernel(const T* __restrict__ keypoints,  // [N, K, 2]
                       const T* __restrict__ scores,     // [N, K]
                       const T* __restrict__ boxes,      // [N, 4]
                       int64_t K, MergeParameters parameters, Groups groups,
                       // outputs
                       T* __restrict__ merged_keypoints,  // [N, K, 2]
                       T* __restrict__ merged_scores,     // [N, K]
                       bool* __restrict__ keep) {         // [N]
  const int64_t i = (int64_t(blockIdx.x) * kThreads + threadIdx.x) / kWarpSize;
  if (i >= groups.N) return;
  const bool kept = groups.index[i] == i;
  const Range range = kept ? groups.range_of_slot(unsigned(i)) : Range{0, 0};
  const unsigned* members = groups.ordered + range.first;
  const T reach2 = merge_reach2(boxes + 4 * i, parameters), zero_score = T(parameters.zero_score);
  T best = -T(INFINITY), merged_best = -T(INFINITY);
  for (int64_t n = threadIdx.x % kWarpSize; n < K; n += kWarpSize) {
    const int64_t joint = i * K + n;
    const T x = keypoints[2 * joint], y = keypoints[2 * joint + 1], score = scores[joint];
    const T weight = merge_weight(score, zero_score);
    MergeSums<T> sums{};
    for (unsigned m = 0; m < range.size; ++m) {
      const int64_t other = members[m] * K + n;
      merge_joint(keypoints[2 * other] - x, keypoints[2 * other + 1] - y,
                  merge_weight(scores[other], zero_score), weight, reach2, sums);
    }
    // The kept joint is in the sums too, unless it is not finite: then it stays as it is.
    const bool merged = sums.weight > T(0) && std::isfinite(weight);
    const T merged_score = merged ? weight + sums.score / sums.weight : score;
    merged_keypoints[2 * joint] = merged ? x + sums.x / sums.weight : x;
    merged_keypoints[2 * joint + 1] = merged ? y + sums.y / sums.weight : y;
    merged_scores[joint] = merged_score;
    best = score > best ? score : best;
    merged_best = merged_score > merged_best ? merged_score : merged_best;
  }
  best = warp_max(best);
  merged_best = warp_max(merged_best);
  const T min_score = T(parameters.min_score);
  if (threadIdx.x % kWarpSize == 0) keep[i] = kept && best >= min_score && merged_best >= min_score;
}

}  // namespace

size_t merge_poses_scratch_bytes(int64_t N) {
  Scratch scratch;
  Groups(nullptr, N, N, scratch);
  return scratch.bytes();
}

template <typename T>
void launch_merge_poses(const T* keypoints, const T* scores, const T* boxes,
                        const int64_t* suppressor, int64_t N, int64_t K,
                        const MergeParameters& parameters, void* scratch, cudaStream_t stream,
                        T* merged_keypoints, T* merged_scores, bool* keep) {
  if (N == 0) return;
  Scratch memory(scratch);
  const Groups groups(suppressor, N, N, memory);
  clear(groups, stream);
  launch(group_by_suppressor_kernel, dim3(grid_size("poses", N, kThreads)), dim3(kThreads), 0,
         stream, groups);
  launch_order_groups("poses", groups, ByIndex{}, stream);
  launch(merge_poses_kernel<T>, dim3(grid_size("poses", N, kThreads / kWarpSize)), dim3(kThreads),
         0, stream, keypoints, scores, boxes, K, parameters, groups, merged_keypoints,
         merged_scores, keep);
}

template void launch_merge_poses(const float*, const float*, const float*, const int64_t*, int64_t,
                                 int64_t, const MergeParameters&, void*, cudaStream_t, float*,
                                 float*, bool*);
template void launch_merge_poses(const double*, const double*, const double*, const int64_t*,
                                 int64_t, int64_t, const MergeParameters&, void*, cudaStream_t,
                                 double*, double*, bool*);

}  // namespace rmpe::cuda
