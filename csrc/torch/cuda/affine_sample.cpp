#include "cuda/affine_sample.h"

#include "ops/affine_sample.h"
#include "torch/cuda/common.h"

namespace rmpe::ops {
namespace {

SampleGeometry checked_on_cuda(const SampleGeometry& g) {
  check(checked(g).height <= INT32_MAX / g.width, "size must have fewer than 2^31 pixels");
  return g;
}

// `rows`: theta, dense, which must outlive what is returned. `planes`: may be null.
template <typename S>
cuda::SampleBatch<S> batch_of(const Tensor* planes, const std::optional<Tensor>& rows, int64_t N,
                              int64_t C, const SampleGeometry& g) {
  const cuda::Floats theta = floats_of(rows);
  if (!planes) return {nullptr, 0, 0, theta, N, C, g};
  return {static_cast<const S*>(planes->const_data_ptr()),
          planes->stride(0),
          planes->stride(1),
          theta,
          N,
          C,
          g};
}

Tensor affine_sample_cuda(Tensor input, Tensor theta, int64_t height, int64_t width,
                          std::string mode, std::string padding_mode, bool align_corners) {
  check_dim("input", input, 4);
  const OnDeviceOf device(input);
  const int64_t N = input.size(0), C = input.size(1);
  const SampleGeometry g =
      checked_on_cuda({input.size(2), input.size(3), height, width, interpolation_of(mode),
                       padding_of(padding_mode), align_corners});
  const std::optional<Tensor> rows = dense_affines("theta", theta, N, input);
  const Tensor planes = with_dense_maps(input);
  Tensor output = empty_beside(input, {N, C, height, width}, input.scalar_type());
  dispatch_stored("input", input, [&](auto zero) {
    using S = decltype(zero);
    cuda::launch_affine_sample(batch_of<S>(&planes, rows, N, C, g), device.stream(),
                               static_cast<S*>(output.mutable_data_ptr()));
  });
  return output;
}

std::tuple<Tensor, Tensor> affine_sample_backward_cuda(Tensor grad, std::optional<Tensor> input,
                                                       Tensor theta, int64_t input_height,
                                                       int64_t input_width, std::string mode,
                                                       std::string padding_mode, bool align_corners,
                                                       bool deterministic, bool needs_input,
                                                       bool needs_theta) {
  check_dim("grad", grad, 4);
  const OnDeviceOf device(grad);
  const int64_t N = grad.size(0), C = grad.size(1);
  const SampleGeometry g =
      checked_on_cuda({input_height, input_width, grad.size(2), grad.size(3),
                       interpolation_of(mode), padding_of(padding_mode), align_corners});
  const bool needs_moments = needs_theta && g.interpolation == Interpolation::kBilinear;
  std::optional<Tensor> planes;
  if (needs_moments) {
    check_input_of_backward(input, grad, g);
    check_beside("input", *input, grad);
    planes = with_dense_maps(*input);
  }
  const std::optional<Tensor> rows = dense_affines("theta", theta, N, grad);
  const Tensor dense_grad = dense(grad);

  const auto room = [&](bool needed, std::initializer_list<int64_t> sizes, ScalarType dtype) {
    return needed ? empty_beside(grad, sizes, dtype) : empty_beside(grad, {0}, dtype);
  };
  const ScalarType stored = grad.scalar_type(), wide = widened(stored);
  Tensor grad_input = room(needs_input, {N, C, input_height, input_width}, stored);
  Tensor grad_theta = room(needs_theta, {N, 2, 3}, theta.scalar_type());
  const bool fixed = needs_input && deterministic;
  Tensor moments = room(needs_moments, {cuda::moment_count(N, C, g), 6}, ScalarType::Double);
  Tensor sums = room(needs_input && !fixed && wide != stored, {N, C, input_height, input_width},
                     ScalarType::Float);
  Tensor fixed_sums = room(fixed, {N, C, input_height, input_width}, ScalarType::Long);
  Tensor exponents = room(fixed, {N, C}, ScalarType::Int);
  const cuda::BackwardScratch scratch{
      static_cast<PositionMoments*>(moments.mutable_data_ptr()),
      static_cast<float*>(sums.mutable_data_ptr()),
      fixed ? static_cast<unsigned long long*>(fixed_sums.mutable_data_ptr()) : nullptr,
      static_cast<unsigned*>(exponents.mutable_data_ptr())};
  dispatch_stored("grad", grad, [&](auto zero) {
    using S = decltype(zero);
    cuda::launch_affine_sample_backward(
        batch_of<S>(planes.has_value() ? &*planes : nullptr, rows, N, C, g),
        static_cast<const S*>(dense_grad.const_data_ptr()), scratch, device.stream(),
        needs_input ? static_cast<S*>(grad_input.mutable_data_ptr()) : nullptr,
        needs_theta ? grad_theta.mutable_data_ptr() : nullptr);
  });
  return {grad_input, grad_theta};
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("affine_sample", TORCH_BOX(&affine_sample_cuda));
  m.impl("affine_sample_backward", TORCH_BOX(&affine_sample_backward_cuda));
}

}  // namespace
}  // namespace rmpe::ops
