// Cost: about 50 instructions per joint of a pair, as in pose_nms.cu, for all N * N pairs.
#include <cmath>
#include <type_traits>

#include "cuda/grid_size.h"
#include "cuda/pairs.h"
#include "cuda/pose_comparison.h"
#include "cuda/pose_similarity.h"

namespace rmpe::cuda {
namespace {

template <typename Comparison>
struct SimilarityShared {
  Tile<Comparison> references, candidates;
  unsigned not_finite[2][kTile];  // flags of the references and of the candidates
};

// Fills a tile with `count` items from `first` on.
template <typename Comparison>
__device__ void fill(const Comparison& comparison, int64_t first, unsigned count,
                     // outputs
                     Tile<Comparison>& tile, unsigned* not_finite) {  // [kTile]
  const unsigned t = threadIdx.x;
  if (t == 0) tile.count = count;
  if (t < count) {
    tile.indices[t] = unsigned(first + t);
    tile.items[t] = comparison.item(first + t);
    not_finite[t] = 0;
  }
}

// A block computes a tile of the matrix. A warp writes neighbors of a row.
template <typename Comparison>
__global__ void __launch_bounds__(kPairThreads, 1)
    pose_similarity_kernel(Comparison comparison, int64_t N, unsigned tiles, JointRows rows,
                           // outputs
                           typename Comparison::Value* __restrict__ similarity) {  // [N, N]
  using T = typename Comparison::Value;
  auto& shared = *shared_memory<SimilarityShared<Comparison>>();
  T* joints = reinterpret_cast<T*>(&shared + 1);
  const int64_t row = int64_t(blockIdx.x / tiles) * kTile;
  const int64_t column = int64_t(blockIdx.x % tiles) * kTile;
  const unsigned height = unsigned(N - row < kTile ? N - row : kTile);
  const unsigned width = unsigned(N - column < kTile ? N - column : kTile);
  fill(comparison, row, height, shared.references, shared.not_finite[0]);
  fill(comparison, column, width, shared.candidates, shared.not_finite[1]);
  __syncthreads();
  comparison.flag_not_finite(row, height, shared.not_finite[0]);
  comparison.flag_not_finite(column, width, shared.not_finite[1]);
  __syncthreads();
  for_each_pair(
      comparison, shared.references, shared.candidates, rows, joints, height * kTile,
      [&](unsigned p, Pair& pair) {
        pair = {p / kTile, p % kTile};
        return pair.candidate < width;
      },
      [&](const Pair& pair, const auto& sums) {
        const bool finite =
            !shared.not_finite[0][pair.reference] && !shared.not_finite[1][pair.candidate];
        similarity[(row + pair.reference) * N + column + pair.candidate] =
            finite ? comparison.similarity(sums) : T(NAN);
      });
}

}  // namespace

template <typename T>
void launch_pose_similarity(const PoseList<T>& poses, const T* boxes,
                            const PoseNMSParameters& parameters, int64_t N, cudaStream_t stream,
                            T* similarity) {
  dispatch_comparison(poses, boxes, parameters, [&](const auto& comparison) {
    using Comparison = std::decay_t<decltype(comparison)>;
    const JointRows rows = joint_rows<Comparison>(poses.K, sizeof(SimilarityShared<Comparison>));
    const int64_t tiles = (N + kTile - 1) / kTile;
    launch(pose_similarity_kernel<Comparison>, dim3(grid_size("pairs", tiles * tiles, 1)),
           dim3(kPairThreads),
           sizeof(SimilarityShared<Comparison>) + rows.template bytes<Comparison>(), stream,
           comparison, N, unsigned(tiles), rows, similarity);
  });
}

template void launch_pose_similarity(const PoseList<float>&, const float*, const PoseNMSParameters&,
                                     int64_t, cudaStream_t, float*);
template void launch_pose_similarity(const PoseList<double>&, const double*,
                                     const PoseNMSParameters&, int64_t, cudaStream_t, double*);

}  // namespace rmpe::cuda
