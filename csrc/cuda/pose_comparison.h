// The comparison of a pose with a reference pose in pose NMS (see pairs.h and greedy.h).
#pragma once

#include "core/pose_nms.h"
#include "core/poses.h"
#include "cuda/device.h"
#include "cuda/poses.h"

namespace rmpe::cuda {

template <typename T, bool Squared>
struct PoseComparison {
  using Value = T;
  using Item = PoseReach<T>;
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

  RMPE_HD Item item(int64_t i) const { return pose_reach(boxes + 4 * i, parameters); }
  RMPE_HD void load_joint(int64_t i, int64_t n, T* joint) const {
    const T* xy = poses.xy(i) + 2 * n;
    joint[0] = xy[0];
    joint[1] = xy[1];
    joint[2] = joint_weight(poses.scores[i * poses.K + n], inverse_sigma1);
  }
  RMPE_HD Sums start(const Item&, const Item&) const { return {T(0), T(0), T(0)}; }
  RMPE_HD void add(const Item& reach, const T* reference, const T* candidate, int64_t,
                   Sums& sums) const {
    add_joint<T, Squared>(reach, candidate[0] - reference[0], candidate[1] - reference[1],
                          candidate[2] * reference[2], sums);
  }
  RMPE_HD T similarity(const Sums& sums) const { return rmpe::pose_similarity(sums, lam); }
  RMPE_HD bool eliminates(const Item&, const Item&, const Sums& sums) const {
    return rmpe::eliminates(similarity(sums), sums.near, eta, enough);
  }
};

// Calls body with the PoseComparison that the parameters ask for.
template <typename T, typename Body>
void dispatch_comparison(const PoseList<T>& poses, const T* boxes,
                         const PoseNMSParameters& parameters, Body&& body) {
  if (parameters.squared) {
    body(PoseComparison<T, true>(poses, boxes, parameters));
  } else {
    body(PoseComparison<T, false>(poses, boxes, parameters));
  }
}

}  // namespace rmpe::cuda
