#pragma once

#include <algorithm>
#include <string>
#include <tuple>

#include "cpu/affine_sample.h"
#include "ops/common.h"

namespace rmpe::ops {

inline Interpolation interpolation_of(const std::string& mode) {
  check(mode == "bilinear" || mode == "nearest", "unknown mode ", mode);
  return mode == "bilinear" ? Interpolation::kBilinear : Interpolation::kNearest;
}

inline Padding padding_of(const std::string& padding_mode) {
  if (padding_mode == "border") return Padding::kBorder;
  if (padding_mode == "reflection") return Padding::kReflection;
  check(padding_mode == "zeros", "unknown padding_mode ", padding_mode);
  return Padding::kZeros;
}

inline SampleGeometry checked(const SampleGeometry& g) {
  check(g.height > 0 && g.width > 0, "size must be positive");
  check(g.input_height > 0 && g.input_width > 0 && g.input_height <= INT32_MAX / g.input_width &&
            g.width <= INT32_MAX,
        "planes must have at least 1 and fewer than 2^31 pixels");
  return g;
}

inline std::vector<Affine> sampling_maps(const Tensor& theta, int64_t N, const SampleGeometry& g) {
  check_dim("theta", theta, 3);
  check_floating("theta", theta);
  check(theta.size(0) == N && theta.size(1) == 2 && theta.size(2) == 3,
        "theta must be (N, 2, 3) like input");
  const Tensor rows = dense(theta);
  std::vector<Affine> maps(N);
  dispatch_floating(rows, [&](auto zero) {
    const auto* data = static_cast<const decltype(zero)*>(rows.const_data_ptr());
    for (int64_t n = 0; n < N; ++n) maps[n] = sampling_map(data + 6 * n, g);
  });
  return maps;
}

inline Tensor affine_sample(Tensor input, Tensor theta, int64_t height, int64_t width,
                            std::string mode, std::string padding_mode, bool align_corners) {
  check_dim("input", input, 4);
  const int64_t N = input.size(0), C = input.size(1);
  const SampleGeometry g =
      checked({input.size(2), input.size(3), height, width, interpolation_of(mode),
               padding_of(padding_mode), align_corners});
  const std::vector<Affine> maps = sampling_maps(theta, N, g);
  const Tensor planes = with_dense_maps(input);
  Tensor output = empty({N, C, height, width}, input.scalar_type());
  constexpr int64_t kPixelsWorthAThread = 16384;
  const int64_t grain = std::max<int64_t>(1, kPixelsWorthAThread / std::max<int64_t>(1, width * C));
  dispatch_stored("input", input, [&](auto zero) {
    using S = decltype(zero);
    const cpu::SampleBatch<S> batch{static_cast<const S*>(planes.const_data_ptr()),
                                    planes.stride(0),
                                    planes.stride(1),
                                    C,
                                    maps.data(),
                                    g};
    S* out = static_cast<S*>(output.mutable_data_ptr());
    parallel_for(0, C > 0 ? N * height : 0, grain,
                 [&](int64_t begin, int64_t end) { cpu::affine_sample(batch, begin, end, out); });
  });
  return output;
}

// Channels that one thread takes of an image: at least eight items where there are as many planes.
// A function of the shape alone, because it sets the order of the sums.
inline int64_t channels_per_block(int64_t N, int64_t C) {
  return std::max<int64_t>(1, std::min<int64_t>(16, N * C / 8));
}

// What theta's gradient needs beside the output's, `grad`.
inline void check_input_of_backward(const std::optional<Tensor>& input, const Tensor& grad,
                                    const SampleGeometry& g) {
  check(input.has_value(), "theta's gradient needs input");
  check(input->dim() == 4 && input->size(0) == grad.size(0) && input->size(1) == grad.size(1) &&
            input->size(2) == g.input_height && input->size(3) == g.input_width &&
            input->scalar_type() == grad.scalar_type(),
        "input must be (N, C, input_height, input_width), in the dtype of grad");
}

// The gradients that are asked for; the others are empty. `input` is needed for theta's alone. They
// are always deterministic.
inline std::tuple<Tensor, Tensor> affine_sample_backward(Tensor grad, std::optional<Tensor> input,
                                                         Tensor theta, int64_t input_height,
                                                         int64_t input_width, std::string mode,
                                                         std::string padding_mode,
                                                         bool align_corners, bool /*deterministic*/,
                                                         bool needs_input, bool needs_theta) {
  check_dim("grad", grad, 4);
  const int64_t N = grad.size(0), C = grad.size(1);
  const SampleGeometry g =
      checked({input_height, input_width, grad.size(2), grad.size(3), interpolation_of(mode),
               padding_of(padding_mode), align_corners});
  const bool needs_moments = needs_theta && g.interpolation == Interpolation::kBilinear;
  if (needs_moments) check_input_of_backward(input, grad, g);
  const std::vector<Affine> maps = sampling_maps(theta, N, g);
  const Tensor dense_grad = dense(grad);
  const Tensor planes = needs_moments ? with_dense_maps(*input) : dense_grad;

  const std::initializer_list<int64_t> nothing{0};
  Tensor grad_input = needs_input ? empty({N, C, input_height, input_width}, grad.scalar_type())
                                  : empty(nothing, grad.scalar_type());
  Tensor grad_theta =
      needs_theta ? empty({N, 2, 3}, theta.scalar_type()) : empty(nothing, theta.scalar_type());

  const int64_t block = channels_per_block(N, C), blocks = (C + block - 1) / block;
  std::vector<PositionMoments> moments(needs_moments ? N * blocks : 0);
  dispatch_stored("grad", grad, [&](auto zero) {
    using S = decltype(zero);
    const cpu::SampleBatch<S> batch{
        needs_moments ? static_cast<const S*>(planes.const_data_ptr()) : nullptr,
        planes.stride(0),
        planes.stride(1),
        C,
        maps.data(),
        g};
    const S* grad_data = static_cast<const S*>(dense_grad.const_data_ptr());
    S* grad_input_data = needs_input ? static_cast<S*>(grad_input.mutable_data_ptr()) : nullptr;
    PositionMoments* moments_data = needs_moments ? moments.data() : nullptr;
    if (!grad_input_data && !moments_data) return;
    parallel_for(0, N * blocks, 1, [&](int64_t begin, int64_t end) {
      cpu::affine_sample_backward(batch, grad_data, block, begin, end, grad_input_data,
                                  moments_data);
    });
  });
  if (!needs_theta) return {grad_input, grad_theta};

  dispatch_floating(theta, [&](auto zero) {
    auto* data = static_cast<decltype(zero)*>(grad_theta.mutable_data_ptr());
    for (int64_t n = 0; n < N; ++n) {
      PositionMoments sum{};
      for (int64_t b = 0; needs_moments && b < blocks; ++b) {
        for (int i = 0; i < 6; ++i) sum.values[i] += moments[n * blocks + b].values[i];
      }
      theta_gradient(sum, g, data + 6 * n);
    }
  });
  return {grad_input, grad_theta};
}

}  // namespace rmpe::ops
