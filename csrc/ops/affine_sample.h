#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "cpu/affine_sample.h"
#include "ops/geometry.h"

namespace rmpe::ops {

inline Interpolation parse_interpolation(const std::string& mode) {
  check(mode == "bilinear" || mode == "nearest", "unknown mode ", mode);
  return mode == "bilinear" ? Interpolation::kBilinear : Interpolation::kNearest;
}

inline Padding parse_padding(const std::string& padding_mode) {
  if (padding_mode == "border") return Padding::kBorder;
  if (padding_mode == "reflection") return Padding::kReflection;
  check(padding_mode == "zeros", "unknown padding_mode ", padding_mode);
  return Padding::kZeros;
}

inline void check_sizes(const SampleGeometry& g) {
  check(g.height > 0 && g.width > 0, "size must be positive");
  check(g.input_height > 0 && g.input_width > 0 && g.input_height <= INT32_MAX / g.input_width &&
            g.width <= INT32_MAX,
        "planes must have at least 1 and fewer than 2^31 pixels");
}

// The map of each of N images.
inline std::vector<Affine> sampling_maps(const Cpu& device, const Tensor& theta,
                                         const SampleGeometry& g, int64_t N) {
  const Tensor rows = checked_matrices(device, "theta", theta, N);
  std::vector<Affine> maps(N);
  dispatch_floating(rows, [&](auto zero) {
    const auto* values = data<decltype(zero)>(rows);
    for (int64_t n = 0; n < N; ++n) maps[n] = sampling_map(values + 6 * n, g);
  });
  return maps;
}

template <typename S>
void run_affine_sample(const Cpu&, const cpu::SampleBatch<S>& batch, S* output) {
  constexpr int64_t kPixelsPerThread = 16384;
  const SampleGeometry& g = batch.geometry;
  const int64_t grain =
      std::max<int64_t>(1, kPixelsPerThread / std::max<int64_t>(1, g.width * batch.C));
  parallel_for(batch.C > 0 ? batch.N * g.height : 0, grain, get_num_threads(),
               [&](int64_t begin, int64_t end) { cpu::affine_sample(batch, begin, end, output); });
}

template <typename Device>
Tensor affine_sample(Tensor input, Tensor theta, int64_t height, int64_t width, std::string mode,
                     std::string padding_mode, bool align_corners) {
  const Device device(input);
  check_dim("input", input, 4);
  SampleGeometry g{};
  g.input_height = input.size(2);
  g.input_width = input.size(3);
  g.height = height;
  g.width = width;
  g.interpolation = parse_interpolation(mode);
  g.padding = parse_padding(padding_mode);
  g.align_corners = align_corners;
  check_sizes(g);
  const int64_t N = input.size(0), C = input.size(1);
  const auto maps = sampling_maps(device, theta, g, N);
  const Tensor planes = with_contiguous_maps(input);
  Tensor output = device.empty({N, C, height, width}, input.scalar_type());
  dispatch_stored("input", input, [&](auto zero) {
    using S = decltype(zero);
    const SampleBatch<S, decltype(maps.data())> batch{
        data<S>(planes), planes.stride(0), planes.stride(1), maps.data(), N, C, g};
    run_affine_sample(device, batch, mutable_data<S>(output));
  });
  return output;
}

// Channels that one thread takes of an image: at least eight items where there are as many planes.
// A function of the shape alone, because it sets the order of the sums.
inline int64_t channels_per_block(int64_t N, int64_t C) {
  return std::max<int64_t>(1, std::min<int64_t>(16, N * C / 8));
}

// grad_input: null, or where to write that gradient; grad_theta likewise. Always deterministic.
template <typename S>
void run_affine_sample_backward(const Cpu&, const cpu::SampleBatch<S>& batch, const S* grad,
                                bool /*deterministic*/, S* grad_input, Tensor* grad_theta) {
  const SampleGeometry& g = batch.geometry;
  const int64_t block = channels_per_block(batch.N, batch.C),
                blocks = (batch.C + block - 1) / block;
  const bool needs_moments = grad_theta && g.interpolation == Interpolation::kBilinear;
  std::vector<PositionMoments> moments(needs_moments ? batch.N * blocks : 0);
  if (grad_input || needs_moments) {
    constexpr int64_t kPixelsPerThread = 4096;
    const int64_t grain = std::max<int64_t>(1, kPixelsPerThread / (block * g.height * g.width));
    parallel_for(batch.N * blocks, grain, get_num_threads(), [&](int64_t begin, int64_t end) {
      cpu::affine_sample_backward(batch, grad, block, begin, end, grad_input,
                                  needs_moments ? moments.data() : nullptr);
    });
  }
  if (!grad_theta) return;
  dispatch_floating(*grad_theta, [&](auto zero) {
    auto* rows = mutable_data<decltype(zero)>(*grad_theta);
    for (int64_t n = 0; n < batch.N; ++n) {
      PositionMoments sum{};
      for (int64_t b = 0; needs_moments && b < blocks; ++b) {
        for (int i = 0; i < 6; ++i) sum.values[i] += moments[n * blocks + b].values[i];
      }
      theta_gradient(sum, g, rows + 6 * n);
    }
  });
}

// The gradients that are asked for; the others are empty. `input` is needed for theta's alone.
template <typename Device>
std::tuple<Tensor, Tensor> affine_sample_backward(Tensor grad, std::optional<Tensor> input,
                                                  Tensor theta, int64_t input_height,
                                                  int64_t input_width, std::string mode,
                                                  std::string padding_mode, bool align_corners,
                                                  bool deterministic, bool needs_input,
                                                  bool needs_theta) {
  const Device device(grad);
  check_dim("grad", grad, 4);
  SampleGeometry g{};
  g.input_height = input_height;
  g.input_width = input_width;
  g.height = grad.size(2);
  g.width = grad.size(3);
  g.interpolation = parse_interpolation(mode);
  g.padding = parse_padding(padding_mode);
  g.align_corners = align_corners;
  check_sizes(g);
  const int64_t N = grad.size(0), C = grad.size(1);
  const ScalarType stored = grad.scalar_type();
  std::optional<Tensor> planes;  // positions have a gradient where pixels are interpolated
  if (needs_theta && g.interpolation == Interpolation::kBilinear) {
    check(input.has_value(), "theta's gradient needs input");
    check(input->dim() == 4 && input->size(0) == N && input->size(1) == C &&
              input->size(2) == input_height && input->size(3) == input_width &&
              input->scalar_type() == stored,
          "input must be (N, C, input_height, input_width), in the dtype of grad");
    device.check_owns("input", input);
    planes = with_contiguous_maps(*input);
  }
  const auto maps = sampling_maps(device, theta, g, N);
  grad = as_contiguous(grad);

  const auto allocate = [&](bool needed, std::initializer_list<int64_t> sizes, ScalarType dtype) {
    return needed ? device.empty(sizes, dtype) : device.empty({0}, dtype);
  };
  Tensor grad_input = allocate(needs_input, {N, C, input_height, input_width}, stored);
  Tensor grad_theta = allocate(needs_theta, {N, 2, 3}, theta.scalar_type());
  dispatch_stored("grad", grad, [&](auto zero) {
    using S = decltype(zero);
    const SampleBatch<S, decltype(maps.data())> batch{data<S>(planes),
                                                      planes.has_value() ? planes->stride(0) : 0,
                                                      planes.has_value() ? planes->stride(1) : 0,
                                                      maps.data(),
                                                      N,
                                                      C,
                                                      g};
    run_affine_sample_backward(device, batch, data<S>(grad), deterministic,
                               needs_input ? mutable_data<S>(grad_input) : nullptr,
                               needs_theta ? &grad_theta : nullptr);
  });
  return {grad_input, grad_theta};
}

}  // namespace rmpe::ops
