// Bytes and operations: as in pose_nms, with seven operations for a joint of a pair and no
// exponential.
#include "cpu/nearby_joints_nms.h"

#include "core/nearby_joints_nms.h"
#include "cpu/blocks.h"
#include "cpu/greedy.h"

namespace rmpe::cpu {
namespace {

// Fields of a block of poses: the squared reach of each, then x and y of joint 0, of joint 1, ...
enum PoseField : int64_t { kClose2, kJoints };
constexpr int64_t kJointFields = 2;

// One pose against the kLanes kept ones of a block.
template <typename T>
inline void count_close(const T* block, const T* xy, int64_t K,
                        // outputs
                        T* __restrict close) {  // [kLanes], number of close joints
  constexpr int64_t L = kLanes<T>;
  T count[L] = {};
  for (int64_t n = 0; n < K; ++n) {
    const T* joint = block + (kJoints + kJointFields * n) * L;
    const T x = xy[2 * n], y = xy[2 * n + 1];
    RMPE_KEEP_LOOP
    for (int64_t l = 0; l < L; ++l) {
      count[l] += is_close(x - joint[l], y - joint[L + l], block[kClose2 * L + l]);
    }
  }
  for (int64_t l = 0; l < L; ++l) close[l] = count[l];
}

// Not a template because GCC cannot clone those.
RMPE_MULTIVERSION void compare_block(const float* block, const float* xy, int64_t K, float* close) {
  count_close(block, xy, K, close);
}
RMPE_MULTIVERSION void compare_block(const double* block, const double* xy, int64_t K,
                                     double* close) {
  count_close(block, xy, K, close);
}

// Kept for greedy_nms.
template <typename T>
class Poses {
 public:
  Poses(const PoseList<T>& poses, double distance, int64_t max_near)
      : poses_(poses),
        distance_(distance),
        max_near_(T(max_near)),
        blocks_(kJoints + kJointFields * poses.K) {}

  bool rank(int64_t i, double& score) const { return poses_.rank(i, score); }

  void clear() { blocks_.clear(); }

  int64_t find_suppressor(int64_t i) {
    current_ = i;
    T close[kLanes<T>];
    for (int64_t b = 0; b < blocks_.count(); ++b) {
      compare_block(blocks_[b], poses_.xy(i), poses_.K, close);
      for (int64_t l = 0; l < blocks_.items(b); ++l) {
        if (close[l] > max_near_) return b * kLanes<T> + l;
      }
    }
    return -1;
  }

  void keep() {
    const T* xy = poses_.xy(current_);
    T* field = blocks_.add();
    field[kClose2 * kLanes<T>] = close_distance2(xy, poses_.K, distance_);
    for (int64_t n = 0; n < poses_.K; ++n) {
      T* joint = field + (kJoints + kJointFields * n) * kLanes<T>;
      joint[0] = xy[2 * n];
      joint[kLanes<T>] = xy[2 * n + 1];
    }
  }

 private:
  PoseList<T> poses_;
  double distance_;
  T max_near_;
  Blocks<T> blocks_;
  int64_t current_ = 0;
};

}  // namespace

template <typename T>
void nearby_joints_nms(const PoseList<T>& poses, double distance, int64_t max_near,
                       const Groups& images, int64_t begin, int64_t end, bool* keep,
                       int64_t* suppressor) {
  Poses<T> kept(poses, distance, max_near);
  greedy_nms(images, begin, end, kept, keep, suppressor);
}

#define RMPE_INSTANTIATE(T)                                                                    \
  template void nearby_joints_nms(const PoseList<T>&, double, int64_t, const Groups&, int64_t, \
                                  int64_t, bool*, int64_t*);
RMPE_INSTANTIATE(float)
RMPE_INSTANTIATE(double)
#undef RMPE_INSTANTIATE

}  // namespace rmpe::cpu
