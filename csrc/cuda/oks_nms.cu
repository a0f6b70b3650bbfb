// Launches the greedy suppression of greedy.h with OksComparison.
//
// Cost: about 45 instructions per joint of a pair, two thirds of them exp. See pose_nms.cu.
#include "core/oks_nms.h"
#include "cuda/greedy.h"
#include "cuda/oks_joint_scales.h"
#include "cuda/oks_nms.h"
#include "cuda/poses.h"
#include "cuda/scratch.h"

namespace rmpe::cuda {
namespace {

template <typename T>
struct OksComparison {
  using Value = T;
  struct Item {
    T half_area;
  };
  struct Sums {
    T falloff, oks;  // oks times K
  };
  static constexpr int kJointValues = 2;  // x, y

  PoseList<T> poses;
  const T* areas;         // [N]
  const T* joint_scales;  // [K]
  T threshold;

  RMPE_HD int64_t joints() const { return poses.K; }
  RMPE_HD double confidence(int64_t i) const { return poses.confidence(i); }
  __device__ void flag_not_finite(int64_t first, int64_t count, unsigned* flags) const {
    cuda::flag_not_finite(poses, first, count, flags);
    cuda::flag_not_finite(areas, 1, first, count, flags);
  }

  RMPE_HD Item item(int64_t i) const { return {oks_half_area(areas[i])}; }
  RMPE_HD void load_joint(int64_t i, int64_t n, T* joint) const {
    const T* xy = poses.xy(i) + 2 * n;
    joint[0] = xy[0];
    joint[1] = xy[1];
  }
  RMPE_HD Sums start(const Item& a, const Item& b) const {
    return {oks_falloff(a.half_area, b.half_area), T(0)};
  }
  RMPE_HD void add(const Item&, const T* a, const T* b, int64_t n, Sums& sums) const {
    sums.oks += oks_joint(b[0] - a[0], b[1] - a[1], sums.falloff, joint_scales[n]);
  }
  RMPE_HD bool eliminates(const Item&, const Item&, const Sums& sums) const {
    return sums.oks / T(poses.K) > threshold;
  }
};

template <typename T>
struct OksScratch {
  T* joint_scales;  // [K]
  void* greedy;

  OksScratch(int64_t N, int64_t K, bool many_images, Scratch& scratch)
      : joint_scales(scratch.allocate<T>(K)),
        greedy(scratch.allocate<char>(greedy_scratch_bytes<OksComparison<T>>(N, many_images))) {}
};

}  // namespace

template <typename T>
size_t oks_nms_scratch_bytes(int64_t N, int64_t K, bool many_images) {
  Scratch scratch;
  OksScratch<T>(N, K, many_images, scratch);
  return scratch.bytes();
}

template <typename T>
void launch_oks_nms(const PoseList<T>& poses, const T* areas, const T* sigmas, double threshold,
                    const int64_t* image_index, int64_t N, void* scratch_memory,
                    cudaStream_t stream, bool* keep, int64_t* suppressor) {
  if (N == 0) return;
  Scratch memory(scratch_memory);
  const OksScratch<T> scratch(N, poses.K, image_index != nullptr, memory);
  launch_joint_scales(sigmas, poses.K, stream, scratch.joint_scales);
  const OksComparison<T> comparison{poses, areas, scratch.joint_scales, T(threshold)};
  launch_greedy_nms("poses", comparison, image_index, N, scratch.greedy, stream, keep, suppressor);
}

template size_t oks_nms_scratch_bytes<float>(int64_t, int64_t, bool);
template size_t oks_nms_scratch_bytes<double>(int64_t, int64_t, bool);
template void launch_oks_nms(const PoseList<float>&, const float*, const float*, double,
                             const int64_t*, int64_t, void*, cudaStream_t, bool*, int64_t*);
template void launch_oks_nms(const PoseList<double>&, const double*, const double*, double,
                             const int64_t*, int64_t, void*, cudaStream_t, bool*, int64_t*);

}  // namespace rmpe::cuda
