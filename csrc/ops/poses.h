// Arguments and results that the ops on poses share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <tuple>

#include "core/poses.h"
#include "cpu/groups.h"
#include "ops/common.h"

namespace rmpe::ops {

// Poses, contiguous: keypoints [N, K, 2], scores [N, K] and, where given, pose_scores [N].
struct PoseTensors {
  Tensor keypoints, scores;
  std::optional<Tensor> pose_scores;
  int64_t N, K;

  template <typename Device>
  PoseTensors(const Device& device, const Tensor& given_keypoints, const Tensor& given_scores,
              const std::optional<Tensor>& given_pose_scores = std::nullopt) {
    check_dim("keypoints", given_keypoints, 3);
    check_floating("keypoints", given_keypoints);
    N = given_keypoints.size(0);
    K = given_keypoints.size(1);
    check(K > 0 && given_keypoints.size(2) == 2, "keypoints must be (N, K, 2), K > 0");
    keypoints = as_contiguous(given_keypoints);
    scores = checked(device, "scores", given_scores, {N, K});
    if (given_pose_scores.has_value()) {
      pose_scores = checked(device, "pose_scores", *given_pose_scores, {N});
    }
  }

  // Another argument, contiguous, which must have these sizes and the dtype of keypoints.
  template <typename Device>
  Tensor checked(const Device& device, const char* name, const Tensor& tensor,
                 std::initializer_list<int64_t> sizes) const {
    bool fits = tensor.dim() == static_cast<int64_t>(sizes.size()) &&
                tensor.scalar_type() == keypoints.scalar_type();
    int64_t d = 0;
    for (const int64_t size : sizes) fits = fits && tensor.size(d++) == size;
    check(fits, name, " must fit keypoints in shape and dtype");
    device.check_owns(name, tensor);
    return as_contiguous(tensor);
  }

  template <typename T>
  PoseList<T> list() const {
    return {data<T>(keypoints), data<T>(scores), data<T>(pose_scores), K};
  }
};

// Items by image; without an index all are of one.
inline cpu::Groups group_images(const Cpu& device, const std::optional<Tensor>& image_index,
                                int64_t N) {
  if (!image_index.has_value()) return cpu::group_by(nullptr, N);
  const Tensor index = checked_indices(device, "image_index", *image_index, N);
  return cpu::group_by(data<int64_t>(index), N);
}

// Spreads groups of N items over threads, body(begin, end), so that each has enough to do.
template <typename Body>
void for_groups(const cpu::Groups& groups, int64_t N, Body&& body) {
  constexpr int64_t kItemsPerThread = 64;
  const int64_t grain =
      std::max<int64_t>(1, kItemsPerThread * groups.count() / std::max<int64_t>(1, N));
  parallel_for(groups.count(), grain, get_num_threads(), body);
}

// Allocates the results of a suppression of N items and computes them: run(keep, suppressor).
template <typename Device, typename Run>
std::tuple<Tensor, Tensor> suppress(const Device& device, int64_t N, Run&& run) {
  Tensor keep = device.empty({N}, ScalarType::Bool);
  Tensor suppressor = device.empty({N}, ScalarType::Long);
  run(mutable_data<bool>(keep), mutable_data<int64_t>(suppressor));
  return {keep, suppressor};
}

}  // namespace rmpe::ops
