#pragma once

#include <cstdint>

#include "../core/affine_sample.h"

namespace rmpe::cpu {

template <typename S>
using SampleBatch = rmpe::SampleBatch<S, const Affine*>;

// Writes the rows [begin, end) of the N * height rows of all outputs, each in every channel.
// S: float, double, Half or BFloat16.
template <typename S>
void affine_sample(const SampleBatch<S>& batch, int64_t begin, int64_t end,
                   // outputs
                   S* output);  // [N, C, height, width]

// Items [begin, end) of the N * ceil(C / block) blocks of channels. An item owns what it writes,
// and sums in one order, so that no result depends on the number of threads.
template <typename S>
void affine_sample_backward(const SampleBatch<S>& batch,  // input may be null without moments
                            const S* grad,                // [N, C, height, width]
                            int64_t block, int64_t begin, int64_t end,
                            // outputs, null where not wanted
                            S* grad_input,              // [N, C, input_height, input_width]
                            PositionMoments* moments);  // [N, ceil(C / block)]

}  // namespace rmpe::cpu
