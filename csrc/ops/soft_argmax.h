#pragma once

#include <tuple>

#include "cpu/soft_argmax.h"
#include "ops/geometry.h"

namespace rmpe::ops {

// A value of a map takes an exponential.
inline int64_t soft_maps_per_thread(int64_t values_per_map) {
  return maps_per_thread(8 * values_per_map);
}

template <typename Stored, typename T>
void run_soft_argmax(const Cpu&, const Stored* heatmaps, int64_t maps, int64_t height,
                     int64_t width, T beta, T* keypoints, Partition<T>* partition) {
  parallel_for(maps, soft_maps_per_thread(height * width), get_num_threads(),
               [&](int64_t begin, int64_t end) {
                 cpu::soft_argmax(heatmaps, height, width, beta, begin, end, keypoints, partition);
               });
}

template <typename Device>
std::tuple<Tensor, Tensor> soft_argmax(Tensor heatmaps, double beta) {
  const Device device(heatmaps);
  check_heatmaps(heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  const Tensor maps = as_contiguous(heatmaps);
  const ScalarType dtype = compute_dtype(maps.scalar_type());
  Tensor keypoints = device.empty({N, K, 2}, dtype);
  Tensor partition = device.empty({N, K, 2}, dtype);
  dispatch_stored("heatmaps", maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = ComputeType<Stored>;
    run_soft_argmax(device, data<Stored>(maps), N * K, height, width, T(beta),
                    mutable_data<T>(keypoints), mutable_data<Partition<T>>(partition));
  });
  return {keypoints, partition};
}

template <typename Stored, typename T>
void run_soft_argmax_backward(const Cpu&, const T* grad, const Stored* heatmaps, const T* keypoints,
                              const Partition<T>* partition, int64_t maps, int64_t height,
                              int64_t width, T beta, Stored* grad_heatmaps) {
  parallel_for(maps, soft_maps_per_thread(height * width), get_num_threads(),
               [&](int64_t begin, int64_t end) {
                 cpu::soft_argmax_backward(grad, heatmaps, keypoints, partition, height, width,
                                           beta, begin, end, grad_heatmaps);
               });
}

// A pair of numbers for each heatmap, contiguous.
template <typename Device>
Tensor checked_pairs(const Device& device, const char* name, const Tensor& pairs,
                     const Tensor& heatmaps) {
  check(pairs.dim() == 3 && pairs.size(0) == heatmaps.size(0) &&
            pairs.size(1) == heatmaps.size(1) && pairs.size(2) == 2 &&
            pairs.scalar_type() == compute_dtype(heatmaps.scalar_type()),
        "grad, keypoints and partition must be (N, K, 2), of the dtype of the result");
  device.check_owns(name, pairs);
  return as_contiguous(pairs);
}

template <typename Device>
Tensor soft_argmax_backward(Tensor grad, Tensor heatmaps, Tensor keypoints, Tensor partition,
                            double beta) {
  const Device device(heatmaps);
  check_heatmaps(heatmaps);
  grad = checked_pairs(device, "grad", grad, heatmaps);
  keypoints = checked_pairs(device, "keypoints", keypoints, heatmaps);
  partition = checked_pairs(device, "partition", partition, heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  const Tensor maps = as_contiguous(heatmaps);
  Tensor grad_heatmaps = device.empty({N, K, height, width}, maps.scalar_type());
  dispatch_stored("heatmaps", maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = ComputeType<Stored>;
    run_soft_argmax_backward(device, data<T>(grad), data<Stored>(maps), data<T>(keypoints),
                             data<Partition<T>>(partition), N * K, height, width, T(beta),
                             mutable_data<Stored>(grad_heatmaps));
  });
  return grad_heatmaps;
}

}  // namespace rmpe::ops
