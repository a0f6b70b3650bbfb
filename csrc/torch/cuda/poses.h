// What the bindings of the ops on poses share on CUDA.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <tuple>

#include "ops/poses.h"
#include "torch/cuda/common.h"

namespace rmpe::ops {

inline void check_beside(const PoseTensors& poses) {
  check_beside("scores", poses.scores, poses.keypoints);
  if (poses.pose_scores.has_value()) {
    check_beside("pose_scores", *poses.pose_scores, poses.keypoints);
  }
}

// As dense_like, on the device of keypoints.
inline Tensor dense_beside(const Tensor& keypoints, const char* name, const Tensor& tensor,
                           std::initializer_list<int64_t> sizes) {
  check_beside(name, tensor, keypoints);
  return dense_like(keypoints, name, tensor, sizes);
}

// Which image each of N items is of, as kernels read it.
class ImageIndex {
 public:
  ImageIndex(const std::optional<Tensor>& image_index, int64_t N, const Tensor& beside) {
    if (!image_index.has_value()) return;
    check_beside("image_index", *image_index, beside);
    dense_ = dense_indices("image_index", *image_index, N);
  }

  bool many_images() const { return dense_.has_value(); }

  // [N], null: one image
  const int64_t* data() const { return dense_.has_value() ? ops::data<int64_t>(*dense_) : nullptr; }

 private:
  std::optional<Tensor> dense_;
};

// Memory that only the kernels of one call use. PyTorch hands it to nobody else before they are
// through: what it hands out next belongs to the same stream.
inline Tensor scratch_beside(const Tensor& beside, size_t bytes) {
  return empty_beside(beside, {int64_t(bytes)}, ScalarType::Byte);
}

// Allocates the results of a greedy suppression and launches it: body(scratch, keep, suppressor).
template <typename Body>
std::tuple<Tensor, Tensor> suppress_beside(const Tensor& beside, int64_t N, size_t scratch_bytes,
                                           Body&& body) {
  Tensor keep = empty_beside(beside, {N}, ScalarType::Bool);
  Tensor suppressor = empty_beside(beside, {N}, ScalarType::Long);
  Tensor scratch = scratch_beside(beside, scratch_bytes);
  body(scratch.mutable_data_ptr(), mutable_data<bool>(keep), mutable_data<int64_t>(suppressor));
  return {keep, suppressor};
}

}  // namespace rmpe::ops
