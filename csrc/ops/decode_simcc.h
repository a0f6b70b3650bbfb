#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "cpu/decode_simcc.h"
#include "ops/geometry.h"

namespace rmpe::ops {

template <typename Stored>
SimccVectors<Stored> as_vectors(const Tensor& maps, const std::optional<Tensor>& flipped) {
  return {data<Stored>(maps),
          data<Stored>(flipped),
          maps.stride(0),
          maps.stride(1),
          flipped.has_value() ? flipped->stride(0) : 0,
          flipped.has_value() ? flipped->stride(1) : 0,
          maps.size(2)};
}

inline SimccScore parse_simcc_score(const std::string& name) {
  if (name == "min") return SimccScore::kMin;
  if (name == "mean") return SimccScore::kMean;
  check(name == "max", "score must be min, mean or max, got ", name);
  return SimccScore::kMax;
}

template <typename Stored, typename T>
void run_decode_simcc(const Cpu&, const cpu::SimccBatch<Stored>& batch, T* keypoints, T* scores) {
  parallel_for(
      batch.N * batch.K, maps_per_thread(batch.x.size + batch.y.size), get_num_threads(),
      [&](int64_t begin, int64_t end) { cpu::decode_simcc(batch, begin, end, keypoints, scores); });
}

template <typename Device>
std::tuple<Tensor, Tensor> decode_simcc(Tensor x_maps, Tensor y_maps,
                                        std::optional<Tensor> matrices, std::optional<Tensor> theta,
                                        std::optional<Tensor> flipped_x,
                                        std::optional<Tensor> flipped_y,
                                        std::optional<std::vector<int64_t>> swapped_joint,
                                        std::string score, double split_ratio, bool align_corners) {
  const Device device(x_maps);
  check_dim("x_maps", x_maps, 3);
  check_dim("y_maps", y_maps, 3);
  const int64_t N = x_maps.size(0), K = x_maps.size(1);
  check(y_maps.size(0) == N && y_maps.size(1) == K && y_maps.scalar_type() == x_maps.scalar_type(),
        "y_maps must have the persons, joints and dtype of x_maps");
  device.check_owns("y_maps", y_maps);
  check(x_maps.size(2) > 0 && y_maps.size(2) > 0, "maps must have at least one bin");
  check(flipped_x.has_value() == flipped_y.has_value(),
        "flipped_x and flipped_y must come together");
  check_flipped(device, "flipped_x", flipped_x, x_maps, swapped_joint);
  check_flipped(device, "flipped_y", flipped_y, y_maps, swapped_joint);
  x_maps = with_contiguous_maps(x_maps);
  y_maps = with_contiguous_maps(y_maps);
  if (flipped_x.has_value()) flipped_x = with_contiguous_maps(*flipped_x);
  if (flipped_y.has_value()) flipped_y = with_contiguous_maps(*flipped_y);
  const double height = double(y_maps.size(2)) / split_ratio;
  const double width = double(x_maps.size(2)) / split_ratio;
  const auto to_image = image_maps(device, {matrices, theta, height, width, align_corners}, N);

  const ScalarType dtype = compute_dtype(x_maps.scalar_type());
  Tensor keypoints = device.empty({N, K, 2}, dtype), scores = device.empty({N, K}, dtype);
  dispatch_stored("x_maps", x_maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = ComputeType<Stored>;
    const SimccBatch<Stored, decltype(to_image.data())> batch{
        as_vectors<Stored>(x_maps, flipped_x),
        as_vectors<Stored>(y_maps, flipped_y),
        swapped_joint.has_value() ? swapped_joint->data() : nullptr,
        to_image.data(),
        N,
        K,
        split_ratio,
        parse_simcc_score(score)};
    run_decode_simcc(device, batch, mutable_data<T>(keypoints), mutable_data<T>(scores));
  });
  return {keypoints, scores};
}

}  // namespace rmpe::ops
