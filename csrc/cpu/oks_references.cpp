#include "cpu/oks_references.h"

namespace rmpe::cpu {
namespace {

template <typename T>
inline void compare_poses(const T* block, const T* xy, T half_area, const T* joint_scales,
                          int64_t K,
                          // outputs
                          T* __restrict oks) {  // [kLanes]
  constexpr int64_t L = kLanes<T>;
  T falloff[L], sum[L] = {};
  for (int64_t l = 0; l < L; ++l) falloff[l] = oks_falloff(block[kHalfArea * L + l], half_area);
  for (int64_t n = 0; n < K; ++n) {
    const T* joint = block + (kOksJoints + kOksJointValues * n) * L;
    const T x = xy[2 * n], y = xy[2 * n + 1], scale = joint_scales[n];
    for (int64_t l = 0; l < L; ++l) {
      sum[l] += oks_joint(x - joint[l], y - joint[L + l], falloff[l], scale);
    }
  }
  for (int64_t l = 0; l < L; ++l) oks[l] = sum[l] / T(K);
}

}  // namespace

RMPE_MULTIVERSION void compare_by_oks(const float* block, const float* xy, float half_area,
                                      const float* joint_scales, int64_t K, float* oks) {
  compare_poses(block, xy, half_area, joint_scales, K, oks);
}
RMPE_MULTIVERSION void compare_by_oks(const double* block, const double* xy, double half_area,
                                      const double* joint_scales, int64_t K, double* oks) {
  compare_poses(block, xy, half_area, joint_scales, K, oks);
}

}  // namespace rmpe::cpu
