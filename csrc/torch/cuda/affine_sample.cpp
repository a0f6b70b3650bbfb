#include "cuda/affine_sample.h"

#include "ops/affine_sample.h"
#include "torch/cuda/device.h"

namespace rmpe::ops {

class CudaSamplingMaps {
 public:
  explicit CudaSamplingMaps(const Tensor& theta) : theta_(theta) {}

  cuda::Floats data() const { return as_floats(theta_); }

 private:
  std::optional<Tensor> theta_;
};

inline CudaSamplingMaps sampling_maps(const Cuda& device, const Tensor& theta,
                                      const SampleGeometry& g, int64_t N) {
  check(g.height <= INT32_MAX / g.width, "size must have fewer than 2^31 pixels");
  return CudaSamplingMaps(checked_matrices(device, "theta", theta, N));
}

template <typename S>
void run_affine_sample(const Cuda& device, const cuda::SampleBatch<S>& batch, S* output) {
  cuda::launch_affine_sample(batch, device.stream(), output);
}

template <typename S>
void run_affine_sample_backward(const Cuda& device, const cuda::SampleBatch<S>& batch,
                                const S* grad, bool deterministic, S* grad_input,
                                Tensor* grad_theta) {
  const SampleGeometry& g = batch.geometry;
  const int64_t N = batch.N, C = batch.C;
  const auto allocate = [&](bool needed, std::initializer_list<int64_t> sizes, ScalarType dtype) {
    return needed ? device.empty(sizes, dtype) : device.empty({0}, dtype);
  };
  const bool needs_moments = grad_theta && g.interpolation == Interpolation::kBilinear;
  const bool fixed = grad_input && deterministic;
  const bool is_16_bit = !std::is_same_v<S, ComputeType<S>>;
  Tensor moments = allocate(needs_moments, {cuda::moment_count(N, C, g), 6}, ScalarType::Double);
  Tensor sums = allocate(grad_input && !fixed && is_16_bit, {N, C, g.input_height, g.input_width},
                         ScalarType::Float);
  Tensor fixed_sums = allocate(fixed, {N, C, g.input_height, g.input_width}, ScalarType::Long);
  Tensor exponents = allocate(fixed, {N, C}, ScalarType::Int);
  const cuda::BackwardScratch scratch{
      mutable_data<PositionMoments>(moments), mutable_data<float>(sums),
      fixed ? mutable_data<unsigned long long>(fixed_sums) : nullptr,
      mutable_data<unsigned>(exponents)};
  cuda::launch_affine_sample_backward(batch, grad, scratch, device.stream(), grad_input,
                                      grad_theta ? grad_theta->mutable_data_ptr() : nullptr);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("affine_sample", TORCH_BOX(&affine_sample<Cuda>));
  m.impl("affine_sample_backward", TORCH_BOX(&affine_sample_backward<Cuda>));
}

}  // namespace rmpe::ops
