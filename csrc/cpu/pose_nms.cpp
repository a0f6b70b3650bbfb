// Bytes and operations: a pose of 17 joints is 0.3 KB, so that an image's poses stay in the caches
// close to the core, and arithmetic is the floor. A joint of a pair takes some 50 operations, 32 of
// them the exponential, for as many pairs at once as a vector has lanes: 0.75 ns on a Zen 4 core.
// Only pairs that may decide something are compared: a pose with the kept ones before it, up to the
// first that removes it.
#include "cpu/pose_nms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/blocks.h"
#include "cpu/greedy.h"

namespace rmpe::cpu {
namespace {

// Fields of a block of poses: the reach of each, then x, y and weight of joint 0, of joint 1, ...
enum PoseField : int64_t { kFalloff, kHalfWidth, kHalfHeight, kRadius2, kNear2, kJoints };
constexpr int64_t kJointFields = 3;

// One pose against the kLanes references of a block.
template <typename T, bool Squared>
inline void compare_poses(const T* block, const T* xy, const T* weights, int64_t K, T lam,
                          // outputs
                          T* __restrict similarity,  // [kLanes]
                          T* __restrict near) {      // [kLanes], number of near joints
  constexpr int64_t L = kLanes<T>;
  T match[L] = {}, closeness[L] = {}, count[L] = {};
  for (int64_t n = 0; n < K; ++n) {
    const T* joint = block + (kJoints + kJointFields * n) * L;
    const T x = xy[2 * n], y = xy[2 * n + 1], weight = weights[n];
    for (int64_t l = 0; l < L; ++l) {
      const PoseReach<T> reach{block[kFalloff * L + l], block[kHalfWidth * L + l],
                               block[kHalfHeight * L + l], block[kRadius2 * L + l],
                               block[kNear2 * L + l]};
      PoseSums<T> sums{match[l], closeness[l], count[l]};
      add_joint<T, Squared>(reach, x - joint[l], y - joint[L + l], weight * joint[2 * L + l], sums);
      match[l] = sums.match;
      closeness[l] = sums.closeness;
      count[l] = sums.near;
    }
  }
  for (int64_t l = 0; l < L; ++l) {
    similarity[l] = rmpe::pose_similarity(PoseSums<T>{match[l], closeness[l], count[l]}, lam);
    near[l] = count[l];
  }
}

// The functions that the processor's vector width matters to. They are not templates because GCC
// cannot clone those.
RMPE_MULTIVERSION void compare_squared(const float* block, const float* xy, const float* weights,
                                       int64_t K, float lam, float* similarity, float* near) {
  compare_poses<float, true>(block, xy, weights, K, lam, similarity, near);
}
RMPE_MULTIVERSION void compare_squared(const double* block, const double* xy, const double* weights,
                                       int64_t K, double lam, double* similarity, double* near) {
  compare_poses<double, true>(block, xy, weights, K, lam, similarity, near);
}
RMPE_MULTIVERSION void compare_linear(const float* block, const float* xy, const float* weights,
                                      int64_t K, float lam, float* similarity, float* near) {
  compare_poses<float, false>(block, xy, weights, K, lam, similarity, near);
}
RMPE_MULTIVERSION void compare_linear(const double* block, const double* xy, const double* weights,
                                      int64_t K, double lam, double* similarity, double* near) {
  compare_poses<double, false>(block, xy, weights, K, lam, similarity, near);
}
RMPE_MULTIVERSION void weigh_joints(const float* scores, int64_t K, float inverse_sigma1,
                                    float* weights) {
  for (int64_t n = 0; n < K; ++n) weights[n] = joint_weight(scores[n], inverse_sigma1);
}
RMPE_MULTIVERSION void weigh_joints(const double* scores, int64_t K, double inverse_sigma1,
                                    double* weights) {
  for (int64_t n = 0; n < K; ++n) weights[n] = joint_weight(scores[n], inverse_sigma1);
}

// The poses of a call and the references among them; Kept for greedy_nms.
template <typename T>
class Poses {
 public:
  Poses(const PoseList<T>& poses, const T* boxes, const PoseNMSParameters& parameters)
      : poses_(poses),
        boxes_(boxes),
        parameters_(parameters),
        blocks_(kJoints + kJointFields * poses.K),
        weights_(poses.K) {}

  bool finite(int64_t i) const { return poses_.finite(i) && all_finite(boxes_ + i * 4, 4); }

  bool rank(int64_t i, double& score) const {
    return poses_.rank(i, score) && all_finite(boxes_ + i * 4, 4);
  }

  void clear() { blocks_.clear(); }
  int64_t count() const { return blocks_.count(); }
  int64_t items(int64_t b) const { return blocks_.items(b); }

  // The pose that compare() and keep() are about.
  void take(int64_t i) {
    current_ = i;
    weigh_joints(poses_.scores + i * poses_.K, poses_.K, T(1.0 / parameters_.sigma1),
                 weights_.data());
  }

  void compare(int64_t b, T* similarity, T* near) const {
    const auto compare_block = parameters_.squared ? static_cast<Compare*>(compare_squared)
                                                   : static_cast<Compare*>(compare_linear);
    compare_block(blocks_[b], poses_.xy(current_), weights_.data(), poses_.K, T(parameters_.lam),
                  similarity, near);
  }

  int64_t find_suppressor(int64_t i) {
    take(i);
    const T eta = T(parameters_.eta), enough = enough_near_joints<T>(parameters_, poses_.K);
    T similarity[kLanes<T>], near[kLanes<T>];
    for (int64_t b = 0; b < count(); ++b) {
      compare(b, similarity, near);
      for (int64_t l = 0; l < items(b); ++l) {
        if (eliminates(similarity[l], near[l], eta, enough)) return b * kLanes<T> + l;
      }
    }
    return -1;
  }

  void keep() {
    const PoseReach<T> reach = pose_reach(boxes_ + current_ * 4, parameters_);
    T* field = blocks_.add();
    field[kFalloff * kLanes<T>] = reach.falloff;
    field[kHalfWidth * kLanes<T>] = reach.half_width;
    field[kHalfHeight * kLanes<T>] = reach.half_height;
    field[kRadius2 * kLanes<T>] = reach.radius2;
    field[kNear2 * kLanes<T>] = reach.near2;
    const T* xy = poses_.xy(current_);
    for (int64_t n = 0; n < poses_.K; ++n) {
      T* joint = field + (kJoints + kJointFields * n) * kLanes<T>;
      joint[0] = xy[2 * n];
      joint[kLanes<T>] = xy[2 * n + 1];
      joint[2 * kLanes<T>] = weights_[n];
    }
  }

 private:
  using Compare = void(const T*, const T*, const T*, int64_t, T, T*, T*);

  PoseList<T> poses_;
  const T* boxes_;  // [N, 4]
  PoseNMSParameters parameters_;
  Blocks<T> blocks_;
  std::vector<T> weights_;  // [K], of the current pose
  int64_t current_ = 0;
};

enum BoxField : int64_t { kX1, kY1, kX2, kY2, kArea, kBoxFields };

template <typename T>
inline void compare_boxes(const T* block, const T* box,
                          // outputs
                          T* __restrict iou) {  // [kLanes]
  constexpr int64_t L = kLanes<T>;
  const T x1 = box[0], y1 = box[1], x2 = box[2], y2 = box[3], area = box_area(box);
  for (int64_t l = 0; l < L; ++l) {
    iou[l] = box_iou(block[kX1 * L + l], block[kY1 * L + l], block[kX2 * L + l], block[kY2 * L + l],
                     block[kArea * L + l], x1, y1, x2, y2, area);
  }
}

RMPE_MULTIVERSION void compare_block(const float* block, const float* box, float* iou) {
  compare_boxes<float>(block, box, iou);
}
RMPE_MULTIVERSION void compare_block(const double* block, const double* box, double* iou) {
  compare_boxes<double>(block, box, iou);
}

// Kept for greedy_nms.
template <typename T>
class Boxes {
 public:
  Boxes(const T* boxes, const T* scores, double threshold)
      : boxes_(boxes), scores_(scores), threshold_(T(threshold)), blocks_(kBoxFields) {}

  bool rank(int64_t i, double& score) const {
    score = scores_[i];
    return !std::isnan(score) && all_finite(boxes_ + i * 4, 4);
  }

  void clear() { blocks_.clear(); }

  int64_t find_suppressor(int64_t i) {
    current_ = i;
    T iou[kLanes<T>];
    for (int64_t b = 0; b < blocks_.count(); ++b) {
      compare_block(blocks_[b], boxes_ + i * 4, iou);
      for (int64_t l = 0; l < blocks_.items(b); ++l) {
        if (iou[l] > threshold_) return b * kLanes<T> + l;
      }
    }
    return -1;
  }

  void keep() {
    const T* box = boxes_ + current_ * 4;
    T* field = blocks_.add();
    for (int64_t side = 0; side < 4; ++side) field[side * kLanes<T>] = box[side];
    field[kArea * kLanes<T>] = box_area(box);
  }

 private:
  const T* boxes_;   // [N, 4]
  const T* scores_;  // [N]
  T threshold_;
  Blocks<T> blocks_;
  int64_t current_ = 0;
};

}  // namespace

template <typename T>
void pose_nms(const PoseList<T>& poses, const T* boxes, const PoseNMSParameters& parameters,
              const Groups& images, int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
  Poses<T> kept(poses, boxes, parameters);
  greedy_nms(images, begin, end, kept, keep, suppressor);
}

template <typename T>
void box_nms(const T* boxes, const T* scores, double threshold, const Groups& images, int64_t begin,
             int64_t end, bool* keep, int64_t* suppressor) {
  Boxes<T> kept(boxes, scores, threshold);
  greedy_nms(images, begin, end, kept, keep, suppressor);
}

template <typename T>
void pose_similarity(const PoseList<T>& list, const T* boxes, int64_t N,
                     const PoseNMSParameters& parameters, int64_t begin, int64_t end,
                     T* similarity) {
  Poses<T> poses(list, boxes, parameters);
  for (int64_t i = begin; i < end; ++i) {
    poses.take(i);
    poses.keep();
  }
  T column[kLanes<T>], near[kLanes<T>];
  for (int64_t j = 0; j < N; ++j) {
    poses.take(j);
    for (int64_t b = 0; b < poses.count(); ++b) {
      poses.compare(b, column, near);
      for (int64_t l = 0; l < poses.items(b); ++l) {
        similarity[(begin + b * kLanes<T> + l) * N + j] = column[l];
      }
    }
  }
  // A pose that is not finite has no similarity.
  for (int64_t j = 0; j < N; ++j) {
    const T nan = std::numeric_limits<T>::quiet_NaN();
    if (poses.finite(j)) continue;
    for (int64_t i = begin; i < end; ++i) similarity[i * N + j] = nan;
    if (begin <= j && j < end) std::fill_n(similarity + j * N, N, nan);
  }
}

#define RMPE_INSTANTIATE(T)                                                                      \
  template void pose_nms(const PoseList<T>&, const T*, const PoseNMSParameters&, const Groups&,  \
                         int64_t, int64_t, bool*, int64_t*);                                     \
  template void box_nms(const T*, const T*, double, const Groups&, int64_t, int64_t, bool*,      \
                        int64_t*);                                                               \
  template void pose_similarity(const PoseList<T>&, const T*, int64_t, const PoseNMSParameters&, \
                                int64_t, int64_t, T*);
RMPE_INSTANTIATE(float)
RMPE_INSTANTIATE(double)
#undef RMPE_INSTANTIATE

}  // namespace rmpe::cpu
