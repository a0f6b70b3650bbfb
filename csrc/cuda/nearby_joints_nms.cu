// Launches the greedy suppression of greedy.h with NearbyComparison.
//
// Cost: about 12 instructions per joint of a pair, a third of them loads. See pose_nms.cu.
#include "core/nearby_joints_nms.h"
#include "cuda/greedy.h"
#include "cuda/nearby_joints_nms.h"
#include "cuda/poses.h"

namespace rmpe::cuda {
namespace {

template <typename T>
struct NearbyComparison {
  using Value = T;
  struct Item {
    T close2;
  };
  struct Sums {
    T close;  // number of close joints
  };
  static constexpr int kJointValues = 2;  // x, y

  PoseList<T> poses;
  NearbyJointsParameters parameters;

  RMPE_HD int64_t joints() const { return poses.K; }
  RMPE_HD double confidence(int64_t i) const { return poses.confidence(i); }
  __device__ void flag_not_finite(int64_t first, int64_t count, unsigned* flags) const {
    cuda::flag_not_finite(poses, first, count, flags);
  }

  RMPE_HD Item item(int64_t i) const { return {close_distance2(poses.xy(i), poses.K, parameters)}; }
  RMPE_HD void load_joint(int64_t i, int64_t n, T* joint) const {
    const T* xy = poses.xy(i) + 2 * n;
    joint[0] = xy[0];
    joint[1] = xy[1];
  }
  RMPE_HD Sums start(const Item&, const Item&) const { return {T(0)}; }
  RMPE_HD void add(const Item& picked, const T* a, const T* b, int64_t, Sums& sums) const {
    sums.close += is_close(b[0] - a[0], b[1] - a[1], picked.close2);
  }
  RMPE_HD bool eliminates(const Item&, const Item&, const Sums& sums) const {
    return has_too_many(sums.close, parameters);
  }
};

}  // namespace

template <typename T>
size_t nearby_joints_nms_scratch_bytes(int64_t N, bool many_images) {
  return greedy_scratch_bytes<NearbyComparison<T>>(N, many_images);
}

template <typename T>
void launch_nearby_joints_nms(const PoseList<T>& poses, const NearbyJointsParameters& parameters,
                              const int64_t* image_index, int64_t N, void* scratch,
                              cudaStream_t stream, bool* keep, int64_t* suppressor) {
  launch_greedy_nms("poses", NearbyComparison<T>{poses, parameters}, image_index, N, scratch,
                    stream, keep, suppressor);
}

template size_t nearby_joints_nms_scratch_bytes<float>(int64_t, bool);
template size_t nearby_joints_nms_scratch_bytes<double>(int64_t, bool);
template void launch_nearby_joints_nms(const PoseList<float>&, const NearbyJointsParameters&,
                                       const int64_t*, int64_t, void*, cudaStream_t, bool*,
                                       int64_t*);
template void launch_nearby_joints_nms(const PoseList<double>&, const NearbyJointsParameters&,
                                       const int64_t*, int64_t, void*, cudaStream_t, bool*,
                                       int64_t*);

}  // namespace rmpe::cuda
