#include "cpu/pose_references.h"

namespace rmpe::cpu {
namespace {

template <typename T, bool Squared>
inline void compare_poses(const T* block, const T* xy, const T* weights, int64_t K, T lam,
                          // outputs
                          T* __restrict similarity,  // [kLanes]
                          T* __restrict near) {      // [kLanes], number of near joints
  constexpr int64_t L = kLanes<T>;
  T match[L] = {}, closeness[L] = {}, count[L] = {};
  for (int64_t n = 0; n < K; ++n) {
    const T* joint = block + (kJoints + kJointValues * n) * L;
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

template <typename T>
inline void weigh(const T* scores, int64_t count, T inverse_sigma1, T* __restrict weights) {
  for (int64_t n = 0; n < count; ++n) weights[n] = joint_weight(scores[n], inverse_sigma1);
}

}  // namespace

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

RMPE_MULTIVERSION void weigh_joints(const float* scores, int64_t count, double sigma1,
                                    float* weights) {
  weigh(scores, count, float(1.0 / sigma1), weights);
}
RMPE_MULTIVERSION void weigh_joints(const double* scores, int64_t count, double sigma1,
                                    double* weights) {
  weigh(scores, count, 1.0 / sigma1, weights);
}

}  // namespace rmpe::cpu
