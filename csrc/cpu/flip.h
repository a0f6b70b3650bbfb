// The average of the maps of an image and of its mirror image.
#pragma once

#include <cstdint>

namespace rmpe::cpu {

// Flips `flipped` back along its width and averages. shift: the flipped-back map is shifted one
// pixel right first.
void average_flipped(const float* map, const float* flipped, int64_t height, int64_t width,
                     bool shift, float* out);
void average_flipped(const double* map, const double* flipped, int64_t height, int64_t width,
                     bool shift, double* out);

// Averages without flipping.
void average(const float* map, const float* other, int64_t size, float* out);
void average(const double* map, const double* other, int64_t size, double* out);

}  // namespace rmpe::cpu
