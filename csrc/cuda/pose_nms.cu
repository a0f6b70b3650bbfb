// Operations: for one pair and joint about 50 instructions, half of them the polynomial of exp;
// tanh is taken once for each joint of a tile, 1/32 as often. 256 images of 64 poses with 17 joints
// are 256 * 63 warps of pairs, 14e6 instructions of a warp: 15 us on 132 multiprocessors that issue
// four a cycle at 1.75 GHz. Bytes: 3.3 MB of poses. The rest is the cost of launching (greedy.h).
#include <limits>

#include "cuda/greedy.h"
#include "cuda/grid_size.h"
#include "cuda/pairs.h"
#include "cuda/pose_nms.h"
#include "cuda/poses.h"

namespace rmpe::cuda {
namespace {

template <typename T, bool Squared>
struct PoseComparison {
  using Value = T;
  using Own = PoseReach<T>;
  using Sums = PoseSums<T>;
  static constexpr int kJointValues = 3;  // x, y, weight

  PoseList<T> poses;
  const T* boxes;  // [N, 4]
  PoseNMSParameters parameters;
  T inverse_sigma1, lam, eta, enough;

  PoseComparison(const PoseList<T>& poses, const T* boxes, const PoseNMSParameters& parameters)
      : poses(poses),
        boxes(boxes),
        parameters(parameters),
        inverse_sigma1(T(1.0 / parameters.sigma1)),
        lam(T(parameters.lam)),
        eta(T(parameters.eta)),
        enough(enough_near_joints<T>(parameters, poses.K)) {}

  RMPE_HD int64_t joints() const { return poses.K; }
  RMPE_HD double confidence(int64_t i) const { return poses.confidence(i); }
  __device__ void flag_not_finite(int64_t first, int64_t count, unsigned* flags) const {
    cuda::flag_not_finite(poses, first, count, flags);
    cuda::flag_not_finite(boxes, 4, first, count, flags);
  }

  RMPE_HD Own own(int64_t i) const { return pose_reach(boxes + 4 * i, parameters); }
  RMPE_HD void load_joint(int64_t i, int64_t n, T* joint) const {
    const T* xy = poses.xy(i) + 2 * n;
    joint[0] = xy[0];
    joint[1] = xy[1];
    joint[2] = joint_weight(poses.scores[i * poses.K + n], inverse_sigma1);
  }
  RMPE_HD Sums start(const Own&, const Own&) const { return {T(0), T(0), T(0)}; }
  RMPE_HD void add(const Own& reach, const T* reference, const T* candidate, int64_t,
                   Sums& sums) const {
    add_joint<T, Squared>(reach, candidate[0] - reference[0], candidate[1] - reference[1],
                          candidate[2] * reference[2], sums);
  }
  RMPE_HD T similarity(const Sums& sums) const { return rmpe::pose_similarity(sums, lam); }
  RMPE_HD bool eliminates(const Own&, const Own&, const Sums& sums) const {
    return rmpe::eliminates(similarity(sums), sums.near, eta, enough);
  }
};

template <typename T>
struct BoxComparison {
  using Value = T;
  struct Own {
    T x1, y1, x2, y2, area;
  };
  struct Sums {};
  static constexpr int kJointValues = 0;

  const T* boxes;   // [N, 4]
  const T* scores;  // [N]
  T threshold;

  RMPE_HD int64_t joints() const { return 0; }
  RMPE_HD double confidence(int64_t i) const { return scores[i]; }
  __device__ void flag_not_finite(int64_t first, int64_t count, unsigned* flags) const {
    cuda::flag_not_finite(boxes, 4, first, count, flags);
  }
  RMPE_HD Own own(int64_t i) const {
    const T* box = boxes + 4 * i;
    return {box[0], box[1], box[2], box[3], box_area(box)};
  }
  RMPE_HD Sums start(const Own&, const Own&) const { return {}; }
  RMPE_HD bool eliminates(const Own& a, const Own& b, const Sums&) const {
    return box_iou(a.x1, a.y1, a.x2, a.y2, a.area, b.x1, b.y1, b.x2, b.y2, b.area) > threshold;
  }
};

template <typename Comparison>
struct SimilarityShared {
  Tile<Comparison> references, candidates;
  unsigned not_finite[2][kTile];  // of the references and of the candidates
};

// The tile of `count` items from `first` on.
template <typename Comparison>
__device__ void fill(const Comparison& comparison, int64_t first, unsigned count,
                     // outputs
                     Tile<Comparison>& tile, unsigned* not_finite) {  // [kTile]
  const unsigned t = threadIdx.x;
  if (t == 0) tile.count = count;
  if (t < count) {
    tile.items[t] = unsigned(first + t);
    tile.own[t] = comparison.own(first + t);
    not_finite[t] = 0;
  }
}

// A block computes a tile of the matrix. A warp writes neighbours in a row of it.
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

// Calls body with the comparison of the parameters' kind.
template <typename T, typename Body>
void dispatch_comparison(const PoseList<T>& poses, const T* boxes,
                         const PoseNMSParameters& parameters, Body&& body) {
  if (parameters.squared) {
    body(PoseComparison<T, true>(poses, boxes, parameters));
  } else {
    body(PoseComparison<T, false>(poses, boxes, parameters));
  }
}

}  // namespace

template <typename T>
size_t pose_nms_scratch_bytes(int64_t N, bool many_images) {
  return greedy_scratch_bytes<PoseComparison<T, true>>(N, many_images);
}

template <typename T>
void launch_pose_nms(const PoseList<T>& poses, const T* boxes, const PoseNMSParameters& parameters,
                     const int64_t* image_index, int64_t N, void* scratch, cudaStream_t stream,
                     bool* keep, int64_t* suppressor) {
  dispatch_comparison(poses, boxes, parameters, [&](const auto& comparison) {
    launch_greedy_nms("poses", comparison, image_index, N, scratch, stream, keep, suppressor);
  });
}

template <typename T>
size_t box_nms_scratch_bytes(int64_t N, bool many_images) {
  return greedy_scratch_bytes<BoxComparison<T>>(N, many_images);
}

template <typename T>
void launch_box_nms(const T* boxes, const T* scores, double threshold, const int64_t* image_index,
                    int64_t N, void* scratch, cudaStream_t stream, bool* keep,
                    int64_t* suppressor) {
  launch_greedy_nms("boxes", BoxComparison<T>{boxes, scores, T(threshold)}, image_index, N, scratch,
                    stream, keep, suppressor);
}

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

#define RMPE_INSTANTIATE(T)                                                                     \
  template size_t pose_nms_scratch_bytes<T>(int64_t, bool);                                     \
  template void launch_pose_nms(const PoseList<T>&, const T*, const PoseNMSParameters&,         \
                                const int64_t*, int64_t, void*, cudaStream_t, bool*, int64_t*); \
  template size_t box_nms_scratch_bytes<T>(int64_t, bool);                                      \
  template void launch_box_nms(const T*, const T*, double, const int64_t*, int64_t, void*,      \
                               cudaStream_t, bool*, int64_t*);                                  \
  template void launch_pose_similarity(const PoseList<T>&, const T*, const PoseNMSParameters&,  \
                                       int64_t, cudaStream_t, T*);
RMPE_INSTANTIATE(float)
RMPE_INSTANTIATE(double)
#undef RMPE_INSTANTIATE

}  // namespace rmpe::cuda
