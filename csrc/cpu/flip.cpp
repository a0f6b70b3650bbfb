#include "cpu/flip.h"

#include "core/decode.h"

namespace rmpe::cpu {
namespace {

template <typename T>
__attribute__((always_inline)) inline void average_mirrored(const T* map, const T* flipped,
                                                            int64_t height, int64_t width,
                                                            bool shift, T* __restrict out) {
  for (int64_t y = 0; y < height; ++y) {
    const T* row = map + y * width;
    const T* mirrored = flipped + y * width;
    T* averaged = out + y * width;
    averaged[0] = T(0.5) * (row[0] + mirrored[mirrored_column(0, width, shift)]);
    const int64_t last = mirrored_column(1, width, shift) + 1;
    for (int64_t x = 1; x < width; ++x) averaged[x] = T(0.5) * (row[x] + mirrored[last - x]);
  }
}

}  // namespace

RMPE_MULTIVERSION void average_flipped(const float* map, const float* flipped, int64_t height,
                                       int64_t width, bool shift, float* out) {
  average_mirrored(map, flipped, height, width, shift, out);
}
RMPE_MULTIVERSION void average_flipped(const double* map, const double* flipped, int64_t height,
                                       int64_t width, bool shift, double* out) {
  average_mirrored(map, flipped, height, width, shift, out);
}

RMPE_MULTIVERSION void average(const float* map, const float* other, int64_t size,
                               float* __restrict out) {
  for (int64_t i = 0; i < size; ++i) out[i] = 0.5f * (map[i] + other[i]);
}
RMPE_MULTIVERSION void average(const double* map, const double* other, int64_t size,
                               double* __restrict out) {
  for (int64_t i = 0; i < size; ++i) out[i] = 0.5 * (map[i] + other[i]);
}

}  // namespace rmpe::cpu
