// A row of a rotated crop: every pixel has its own position and four taps.
#pragma once

#include <cstdint>

#include "core/crop.h"
#include "cpu/instructions.h"

namespace rmpe::cpu {

// Fixed-point image positions of the pixels of a row: start + x * step.
struct RowLine {
  int64_t start_x, start_y, step_x, step_y;
};

void sample_row(const Image& image, const RowLine& line, const Normalization& normalization,
                int64_t width, Instructions best,
                // outputs
                float* const (&row)[3]);  // 3 times [width], in the order of the crop's channels

}  // namespace rmpe::cpu
