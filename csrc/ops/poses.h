// What the bindings of the ops on poses share: their common arguments, and the spread over threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>

#include "core/poses.h"
#include "cpu/groups.h"
#include "ops/common.h"

namespace rmpe::ops {

template <typename T>
const T* data(const Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}

template <typename T>
T* mutable_data(Tensor& tensor) {
  return static_cast<T*>(tensor.mutable_data_ptr());
}

// Checks that a tensor has this shape and is in the dtype of keypoints; dense.
inline Tensor dense_like(const Tensor& keypoints, const char* name, const Tensor& tensor,
                         std::initializer_list<int64_t> sizes) {
  bool fits = tensor.dim() == static_cast<int64_t>(sizes.size()) &&
              tensor.scalar_type() == keypoints.scalar_type();
  int64_t d = 0;
  for (const int64_t size : sizes) fits = fits && tensor.size(d++) == size;
  check(fits, name, " must fit keypoints in shape and dtype");
  return dense(tensor);
}

// Poses as the kernels read them.
struct PoseTensors {
  Tensor keypoints, scores;
  std::optional<Tensor> pose_scores;
  int64_t N, K;

  PoseTensors(const Tensor& given_keypoints, const Tensor& given_scores,
              const std::optional<Tensor>& given_pose_scores = std::nullopt) {
    check_dim("keypoints", given_keypoints, 3);
    check_floating("keypoints", given_keypoints);
    N = given_keypoints.size(0);
    K = given_keypoints.size(1);
    check(K > 0 && given_keypoints.size(2) == 2, "keypoints must be (N, K, 2), K > 0");
    keypoints = dense(given_keypoints);
    scores = dense_like(keypoints, "scores", given_scores, {N, K});
    if (given_pose_scores.has_value()) {
      pose_scores = dense_like(keypoints, "pose_scores", *given_pose_scores, {N});
    }
  }

  template <typename T>
  PoseList<T> list() const {
    return {data<T>(keypoints), data<T>(scores),
            pose_scores.has_value() ? data<T>(*pose_scores) : nullptr, K};
  }
};

inline cpu::Groups group_images(const std::optional<Tensor>& image_index, int64_t N) {
  if (!image_index.has_value()) return cpu::group_by(nullptr, N);
  const Tensor index = dense_indices("image_index", *image_index, N);
  return cpu::group_by(data<int64_t>(index), N);
}

// Spreads groups of N items over threads, body(begin, end), so that each has enough to do.
template <typename Body>
inline void for_groups(const cpu::Groups& groups, int64_t N, Body&& body) {
  constexpr int64_t kItemsWorthAThread = 256;
  const int64_t grain =
      std::max<int64_t>(1, kItemsWorthAThread * groups.count() / std::max<int64_t>(1, N));
  parallel_for(0, groups.count(), grain, body);
}

// Allocates the results of a greedy suppression and runs it: body(begin, end, keep, suppressor).
template <typename Body>
std::tuple<Tensor, Tensor> suppress(const cpu::Groups& images, int64_t N, Body&& body) {
  Tensor keep = empty({N}, ScalarType::Bool), suppressor = empty({N}, ScalarType::Long);
  bool* keep_data = mutable_data<bool>(keep);
  int64_t* suppressor_data = mutable_data<int64_t>(suppressor);
  for_groups(images, N,
             [&](int64_t begin, int64_t end) { body(begin, end, keep_data, suppressor_data); });
  return {keep, suppressor};
}

}  // namespace rmpe::ops
