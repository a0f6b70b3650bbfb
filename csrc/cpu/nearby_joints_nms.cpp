// Cost: as in pose_nms, with seven operations for a joint of a pair and no exponential.
#include "cpu/nearby_joints_nms.h"

#include "cpu/blocks.h"
#include "cpu/greedy.h"

namespace rmpe::cpu {
namespace {

// Values of a reference pose in a block: its squared reach, then x and y of each joint.
enum PoseValue : int64_t { kClose2, kJoints };
constexpr int64_t kJointValues = 2;

// Compares one pose with the kLanes reference poses of a block.
template <typename T>
inline void count_close(const T* block, const T* xy, int64_t K,
                        // outputs
                        T* __restrict close) {  // [kLanes], number of close joints
  constexpr int64_t L = kLanes<T>;
  T count[L] = {};
  for (int64_t n = 0; n < K; ++n) {
    const T* joint = block + (kJoints + kJointValues * n) * L;
    const T x = xy[2 * n], y = xy[2 * n + 1];
    RMPE_KEEP_LOOP
    for (int64_t l = 0; l < L; ++l) {
      count[l] += is_close(x - joint[l], y - joint[L + l], block[kClose2 * L + l]);
    }
  }
  for (int64_t l = 0; l < L; ++l) close[l] = count[l];
}

RMPE_MULTIVERSION void compare_block(const float* block, const float* xy, int64_t K, float* close) {
  count_close(block, xy, K, close);
}
RMPE_MULTIVERSION void compare_block(const double* block, const double* xy, int64_t K,
                                     double* close) {
  count_close(block, xy, K, close);
}

// Kept for greedy_nms.
template <typename T>
class KeptPoses {
 public:
  KeptPoses(const PoseList<T>& poses, const NearbyJointsParameters& parameters)
      : poses_(poses), parameters_(parameters), blocks_(kJoints + kJointValues * poses.K) {}

  bool rank(int64_t i, double& score) const { return poses_.rank(i, score); }

  void clear() { blocks_.clear(); }

  int64_t find_suppressor(int64_t i) {
    candidate_ = i;
    T close[kLanes<T>];
    for (int64_t b = 0; b < blocks_.count(); ++b) {
      compare_block(blocks_[b], poses_.xy(i), poses_.K, close);
      for (int64_t l = 0; l < blocks_.items(b); ++l) {
        if (has_too_many(close[l], parameters_)) return b * kLanes<T> + l;
      }
    }
    return -1;
  }

  void keep() {
    const T* xy = poses_.xy(candidate_);
    T* value = blocks_.add();
    value[kClose2 * kLanes<T>] = close_distance2(xy, poses_.K, parameters_);
    for (int64_t n = 0; n < poses_.K; ++n) {
      T* joint = value + (kJoints + kJointValues * n) * kLanes<T>;
      joint[0] = xy[2 * n];
      joint[kLanes<T>] = xy[2 * n + 1];
    }
  }

 private:
  PoseList<T> poses_;
  NearbyJointsParameters parameters_;
  Blocks<T> blocks_;
  int64_t candidate_ = 0;
};

}  // namespace

template <typename T>
void nearby_joints_nms(const PoseList<T>& poses, const NearbyJointsParameters& parameters,
                       const Groups& images, int64_t begin, int64_t end, bool* keep,
                       int64_t* suppressor) {
  KeptPoses<T> kept(poses, parameters);
  greedy_nms(images, begin, end, kept, keep, suppressor);
}

template void nearby_joints_nms(const PoseList<float>&, const NearbyJointsParameters&,
                                const Groups&, int64_t, int64_t, bool*, int64_t*);
template void nearby_joints_nms(const PoseList<double>&, const NearbyJointsParameters&,
                                const Groups&, int64_t, int64_t, bool*, int64_t*);

}  // namespace rmpe::cpu
