// Comparison of one pose with many reference poses, for pose NMS.
#pragma once

#include <cstdint>

#include "core/pose_similarity.h"
#include "core/poses.h"
#include "cpu/blocks.h"

namespace rmpe::cpu {

// Values of a reference pose in a block: its PoseReach, then x, y and weight of each joint.
enum PoseValue : int64_t { kFalloff, kHalfWidth, kHalfHeight, kRadius2, kNear2, kJoints };
constexpr int64_t kJointValues = 3;

// Compares a pose, xy [K, 2] and weights [K], with the kLanes references of a block. Writes the
// similarity and the number of near joints, [kLanes] each. The distance in the second sum is
// squared or linear.
void compare_squared(const float* block, const float* xy, const float* weights, int64_t K,
                     float lam, float* similarity, float* near);
void compare_squared(const double* block, const double* xy, const double* weights, int64_t K,
                     double lam, double* similarity, double* near);
void compare_linear(const float* block, const float* xy, const float* weights, int64_t K, float lam,
                    float* similarity, float* near);
void compare_linear(const double* block, const double* xy, const double* weights, int64_t K,
                    double lam, double* similarity, double* near);

// Writes the weights [count] of joints with the scores [count].
void weigh_joints(const float* scores, int64_t count, double sigma1, float* weights);
void weigh_joints(const double* scores, int64_t count, double sigma1, double* weights);

template <typename T>
class PoseReferences {
 public:
  PoseReferences(const PoseList<T>& poses, const T* boxes, const PoseNMSParameters& parameters)
      : poses_(poses),
        boxes_(boxes),
        parameters_(parameters),
        blocks_(kJoints + kJointValues * poses.K) {}

  bool rank(int64_t i, double& score) const {
    return poses_.rank(i, score) && all_finite(boxes_ + i * 4, 4);
  }

  void clear() { blocks_.clear(); }
  int64_t block_count() const { return blocks_.count(); }
  int64_t size_of(int64_t block) const { return blocks_.items(block); }

  // Writes the weights [K] of the joints of pose i.
  void weigh(int64_t i, T* weights) const {
    weigh_joints(poses_.scores + i * poses_.K, poses_.K, parameters_.sigma1, weights);
  }

  // Compares pose i, with the weights [K] of its joints, with the references of a block.
  void compare(int64_t i, const T* weights, int64_t block,
               // outputs
               T* similarity,    // [kLanes]
               T* near) const {  // [kLanes], number of near joints
    const auto compare_block = parameters_.squared ? static_cast<Compare*>(compare_squared)
                                                   : static_cast<Compare*>(compare_linear);
    compare_block(blocks_[block], poses_.xy(i), weights, poses_.K, T(parameters_.lam), similarity,
                  near);
  }

  // Pose i, with the weights [K] of its joints, becomes a reference.
  void add(int64_t i, const T* weights) {
    const PoseReach<T> reach = pose_reach(boxes_ + i * 4, parameters_);
    T* value = blocks_.add();
    value[kFalloff * kLanes<T>] = reach.falloff;
    value[kHalfWidth * kLanes<T>] = reach.half_width;
    value[kHalfHeight * kLanes<T>] = reach.half_height;
    value[kRadius2 * kLanes<T>] = reach.radius2;
    value[kNear2 * kLanes<T>] = reach.near2;
    const T* xy = poses_.xy(i);
    for (int64_t n = 0; n < poses_.K; ++n) {
      T* joint = value + (kJoints + kJointValues * n) * kLanes<T>;
      joint[0] = xy[2 * n];
      joint[kLanes<T>] = xy[2 * n + 1];
      joint[2 * kLanes<T>] = weights[n];
    }
  }

 private:
  using Compare = void(const T*, const T*, const T*, int64_t, T, T*, T*);

  PoseList<T> poses_;
  const T* boxes_;  // [N, 4]
  PoseNMSParameters parameters_;
  Blocks<T> blocks_;
};

}  // namespace rmpe::cpu
