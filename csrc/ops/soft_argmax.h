#pragma once

#include <tuple>

#include "cpu/soft_argmax.h"
#include "ops/common.h"
#include "ops/geometry.h"

namespace rmpe::ops {

inline std::tuple<Tensor, Tensor> soft_argmax(Tensor heatmaps, double beta) {
  check_heatmaps(heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  const Tensor maps = dense(heatmaps);
  const ScalarType dtype = widened(maps.scalar_type());
  Tensor keypoints = empty({N, K, 2}, dtype), partition = empty({N, K, 2}, dtype);
  dispatch_stored("heatmaps", maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = typename Widened<Stored>::type;
    const auto* data = static_cast<const Stored*>(maps.const_data_ptr());
    T* keypoints_out = static_cast<T*>(keypoints.mutable_data_ptr());
    auto* partition_out = static_cast<Partition<T>*>(partition.mutable_data_ptr());
    parallel_for(0, N * K, maps_per_thread(8 * height * width), [&](int64_t begin, int64_t end) {
      cpu::soft_argmax(data, height, width, T(beta), begin, end, keypoints_out, partition_out);
    });
  });
  return {keypoints, partition};
}

// Two numbers for each of the heatmaps.
inline void check_means(const Tensor& means, const Tensor& heatmaps) {
  check(means.dim() == 3 && means.size(0) == heatmaps.size(0) &&
            means.size(1) == heatmaps.size(1) && means.size(2) == 2 &&
            means.scalar_type() == widened(heatmaps.scalar_type()),
        "grad, keypoints and partition must be (N, K, 2), of the dtype of the result");
}

inline Tensor soft_argmax_backward(Tensor grad, Tensor heatmaps, Tensor keypoints, Tensor partition,
                                   double beta) {
  check_heatmaps(heatmaps);
  for (const Tensor* means : {&grad, &keypoints, &partition}) check_means(*means, heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  const Tensor maps = dense(heatmaps), gradients = dense(grad), means = dense(keypoints);
  const Tensor partitions = dense(partition);
  Tensor grad_heatmaps = empty({N, K, height, width}, maps.scalar_type());
  dispatch_stored("heatmaps", maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = typename Widened<Stored>::type;
    const auto* grad_data = static_cast<const T*>(gradients.const_data_ptr());
    const auto* data = static_cast<const Stored*>(maps.const_data_ptr());
    const auto* means_data = static_cast<const T*>(means.const_data_ptr());
    const auto* partition_data = static_cast<const Partition<T>*>(partitions.const_data_ptr());
    auto* out = static_cast<Stored*>(grad_heatmaps.mutable_data_ptr());
    parallel_for(0, N * K, maps_per_thread(8 * height * width), [&](int64_t begin, int64_t end) {
      cpu::soft_argmax_backward(grad_data, data, means_data, partition_data, height, width, T(beta),
                                begin, end, out);
    });
  });
  return grad_heatmaps;
}

}  // namespace rmpe::ops
