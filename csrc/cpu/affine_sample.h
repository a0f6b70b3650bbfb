#pragma once

#include <cstdint>

#include "../core/affine_sample.h"

namespace rmpe::cpu {

template <typename S>
using SampleBatch = rmpe::SampleBatch<S, const Affine*>;

// Writes rows [begin, end) of the N * height rows of all outputs, in every channel. S: float,
// double, Half or BFloat16.
template <typename S>
void affine_sample(const SampleBatch<S>& batch, int64_t begin, int64_t end,
                   // outputs
                   S* output);  // [N, C, height, width]

// Computes items [begin, end) of the N * ceil(C / block) blocks of channels. Nothing else writes
// what an item writes, and an item sums in a fixed order, so results do not depend on the number of
// threads.
template <typename S>
void affine_sample_backward(const SampleBatch<S>& batch,  // input is read for moments only
                            const S* grad,                // [N, C, height, width]
                            int64_t block, int64_t begin, int64_t end,
                            // outputs; null: not computed
                            S* grad_input,              // [N, C, input_height, input_width]
                            PositionMoments* moments);  // [N, ceil(C / block)]

}  // namespace rmpe::cpu
