// The average of a network's maps of an image and of its mirror image.
#pragma once

#include <cstdint>

namespace rmpe::cpu {

// `flipped` is mirrored back along the width, and moved right by one pixel where `shift`.
void average_flipped(const float* map, const float* flipped, int64_t height, int64_t width,
                     bool shift, float* out);
void average_flipped(const double* map, const double* flipped, int64_t height, int64_t width,
                     bool shift, double* out);

void average(const float* map, const float* other, int64_t size, float* out);
void average(const double* map, const double* other, int64_t size, double* out);

}  // namespace rmpe::cpu
