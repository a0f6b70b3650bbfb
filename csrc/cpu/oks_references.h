// Comparison of one pose with many reference poses by OKS.
#pragma once

#include <cstdint>
#include <vector>

#include "core/oks_nms.h"
#include "core/poses.h"
#include "cpu/blocks.h"

namespace rmpe::cpu {

// Values of a reference pose in a block: half its area, then x and y of each joint.
enum OksValue : int64_t { kHalfArea, kOksJoints };
constexpr int64_t kOksJointValues = 2;

// Compares a pose, xy [K, 2], with the kLanes references of a block; joint_scales [K]. Writes their
// OKS, [kLanes].
void compare_by_oks(const float* block, const float* xy, float half_area, const float* joint_scales,
                    int64_t K, float* oks);
void compare_by_oks(const double* block, const double* xy, double half_area,
                    const double* joint_scales, int64_t K, double* oks);

template <typename T>
class OksReferences {
 public:
  OksReferences(const PoseList<T>& poses, const T* areas, const T* sigmas)
      : poses_(poses),
        areas_(areas),
        blocks_(kOksJoints + kOksJointValues * poses.K),
        joint_scales_(poses.K) {
    for (int64_t n = 0; n < poses.K; ++n) joint_scales_[n] = oks_joint_scale(sigmas[n]);
  }

  bool rank(int64_t i, double& score) const {
    return poses_.rank(i, score) && all_finite(areas_ + i, 1);
  }

  void clear() { blocks_.clear(); }
  int64_t block_count() const { return blocks_.count(); }
  int64_t size_of(int64_t block) const { return blocks_.items(block); }

  // Compares pose i with the references of a block.
  void compare(int64_t i, int64_t block,
               // outputs
               T* oks) const {  // [kLanes]
    compare_by_oks(blocks_[block], poses_.xy(i), oks_half_area(areas_[i]), joint_scales_.data(),
                   poses_.K, oks);
  }

  // Pose i becomes a reference.
  void add(int64_t i) {
    T* value = blocks_.add();
    value[kHalfArea * kLanes<T>] = oks_half_area(areas_[i]);
    const T* xy = poses_.xy(i);
    for (int64_t n = 0; n < poses_.K; ++n) {
      T* joint = value + (kOksJoints + kOksJointValues * n) * kLanes<T>;
      joint[0] = xy[2 * n];
      joint[kLanes<T>] = xy[2 * n + 1];
    }
  }

 private:
  PoseList<T> poses_;
  const T* areas_;  // [N]
  Blocks<T> blocks_;
  std::vector<T> joint_scales_;  // [K]
};

}  // namespace rmpe::cpu
