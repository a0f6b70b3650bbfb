#pragma once

#include <tuple>

#include "cpu/decode_simcc.h"
#include "ops/common.h"
#include "ops/geometry.h"

namespace rmpe::ops {

template <typename Stored>
SimccVectors<Stored> vectors_of(const Tensor& maps, const Tensor& flipped, bool has_flipped) {
  return {static_cast<const Stored*>(maps.const_data_ptr()),
          has_flipped ? static_cast<const Stored*>(flipped.const_data_ptr()) : nullptr,
          maps.stride(0),
          maps.stride(1),
          flipped.stride(0),
          flipped.stride(1),
          maps.size(2)};
}

inline void check_simcc_maps(const Tensor& x_maps, const Tensor& y_maps,
                             const std::optional<Tensor>& flipped_x,
                             const std::optional<Tensor>& flipped_y,
                             const std::optional<std::vector<int64_t>>& swapped_joint) {
  check_dim("x_maps", x_maps, 3);
  check_dim("y_maps", y_maps, 3);
  check(y_maps.size(0) == x_maps.size(0) && y_maps.size(1) == x_maps.size(1) &&
            y_maps.scalar_type() == x_maps.scalar_type(),
        "y_maps must have the persons, joints and dtype of x_maps");
  check(x_maps.size(2) > 0 && y_maps.size(2) > 0, "maps must have at least one bin");
  check(flipped_x.has_value() == flipped_y.has_value(),
        "flipped_x and flipped_y must come together");
  check_flipped("flipped_x", flipped_x, x_maps, swapped_joint);
  check_flipped("flipped_y", flipped_y, y_maps, swapped_joint);
}

inline std::tuple<Tensor, Tensor> decode_simcc(
    Tensor x_maps, Tensor y_maps, std::optional<Tensor> matrices, std::optional<Tensor> theta,
    std::optional<Tensor> flipped_x, std::optional<Tensor> flipped_y,
    std::optional<std::vector<int64_t>> swapped_joint, double split_ratio, bool align_corners) {
  check_simcc_maps(x_maps, y_maps, flipped_x, flipped_y, swapped_joint);
  const int64_t N = x_maps.size(0), K = x_maps.size(1);
  x_maps = with_dense_maps(x_maps);
  y_maps = with_dense_maps(y_maps);
  const bool flip = flipped_x.has_value();
  const Tensor mirrored_x = flip ? with_dense_maps(*flipped_x) : x_maps;
  const Tensor mirrored_y = flip ? with_dense_maps(*flipped_y) : y_maps;
  const std::vector<Affine> to_image =
      image_maps(matrices, theta, N, double(y_maps.size(2)) / split_ratio,
                 double(x_maps.size(2)) / split_ratio, align_corners);

  const ScalarType dtype = widened(x_maps.scalar_type());
  Tensor keypoints = empty({N, K, 2}, dtype), scores = empty({N, K}, dtype);
  dispatch_stored("x_maps", x_maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = typename Widened<Stored>::type;
    const cpu::SimccBatch<Stored> batch{
        vectors_of<Stored>(x_maps, mirrored_x, flip),
        vectors_of<Stored>(y_maps, mirrored_y, flip),
        swapped_joint.has_value() ? swapped_joint->data() : nullptr,
        matrices.has_value() || theta.has_value() ? to_image.data() : nullptr,
        K,
        split_ratio};
    T* keypoints_out = static_cast<T*>(keypoints.mutable_data_ptr());
    T* scores_out = static_cast<T*>(scores.mutable_data_ptr());
    parallel_for(0, N * K, maps_per_thread(x_maps.size(2) + y_maps.size(2)),
                 [&](int64_t begin, int64_t end) {
                   cpu::decode_simcc(batch, begin, end, keypoints_out, scores_out);
                 });
  });
  return {keypoints, scores};
}

}  // namespace rmpe::ops
