#pragma once

#include <cstdint>

#include "core/affine_sample.h"
#include "core/half.h"
#include "cuda/device.h"
#include "cuda/floats.h"

namespace rmpe::cuda {

// maps: theta [N, 2, 3]. The output, too, has fewer than 2^31 pixels.
template <typename S>
using SampleBatch = rmpe::SampleBatch<S, Floats>;

// S: float, double, Half or BFloat16.
template <typename S>
void launch_affine_sample(const SampleBatch<S>& batch, cudaStream_t stream,
                          // outputs
                          S* output);  // [N, C, height, width]

// Number of moments in the scratch memory of the gradient to theta; 0 with nearest.
int64_t moment_count(int64_t N, int64_t C, const SampleGeometry& geometry);

// Uninitialized memory for a call. With fixed_sums and exponents, the gradient to the input is
// deterministic, but a plane of it is all NaN if the gradient to the output is not finite in that
// plane. The gradient to theta is always deterministic.
struct BackwardScratch {
  PositionMoments* moments;        // [moment_count], for grad_theta
  float* sums;                     // [N, C, input_height, input_width], for a 16-bit grad_input
  unsigned long long* fixed_sums;  // [N, C, input_height, input_width], in place of sums; or null
  unsigned* exponents;             // [N, C], with fixed_sums
};

template <typename S>
void launch_affine_sample_backward(const SampleBatch<S>& batch,  // input is for grad_theta only
                                   const S* grad,                // [N, C, height, width]
                                   const BackwardScratch& scratch, cudaStream_t stream,
                                   // outputs; null: not computed
                                   S* grad_input,      // [N, C, input_height, input_width]
                                   void* grad_theta);  // [N, 2, 3], of the type of theta

}  // namespace rmpe::cuda
