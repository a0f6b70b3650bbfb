// Bytes and operations: every heatmap is read once, 12 KB at 64x48 float32, with one comparison and
// one addition for each value; memory is the floor. What follows a peak touches a few cache lines
// that are still near.
#include "cpu/decode.h"

#include <cmath>
#include <vector>

#include "cpu/convert.h"
#include "cpu/flip.h"
#include "cpu/peak.h"

namespace rmpe::cpu {
namespace {

// Not a template, because GCC cannot compile those for several processors; flattened, so that what
// it calls is compiled for them too.
RMPE_MULTIVERSION __attribute__((flatten))
Step step_below_pixel(const Refinement& refinement, const float* map, int64_t height,
                      int64_t width, int64_t x, int64_t y) {
  return subpixel_step(refinement, map, height, width, x, y);
}
RMPE_MULTIVERSION __attribute__((flatten))
Step step_below_pixel(const Refinement& refinement, const double* map, int64_t height,
                      int64_t width, int64_t x, int64_t y) {
  return subpixel_step(refinement, map, height, width, x, y);
}

}  // namespace

template <typename Stored>
void decode(const DecodeBatch<Stored>& batch, int64_t begin, int64_t end,
            typename Widened<Stored>::type* keypoints, typename Widened<Stored>::type* scores) {
  using T = typename Widened<Stored>::type;
  const int64_t height = batch.height, width = batch.width;
  const bool flip = batch.flipped.data != nullptr;
  Reader<Stored> reader(height * width), flipped_reader(flip ? height * width : 0);
  std::vector<T> averaged(flip ? height * width : 0);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t n = item / batch.K, k = item % batch.K;
    const T* map = reader.read(batch.heatmaps.map(n, k));
    if (flip) {
      const T* flipped = flipped_reader.read(batch.flipped.map(n, batch.swapped_joint[k]));
      average_flipped(map, flipped, height, width, batch.flip_shift, averaged.data());
      map = averaged.data();
    }
    const Peak<T> peak = find_peak(map, height * width);
    double x = NAN, y = NAN;
    if (batch.needs_peak && peak.value <= 0) {
      x = y = batch.no_peak;
    } else if (!std::isnan(peak.value)) {
      const int64_t column = peak.index % width, row = peak.index / width;
      const Step step = step_below_pixel(batch.refinement, map, height, width, column, row);
      x = double(column) + step.x;
      y = double(row) + step.y;
    }
    if (batch.to_image) {
      const Affine& to_image = batch.to_image[n];
      const double crop_x = batch.grid.gain_x * x + batch.grid.offset;
      const double crop_y = batch.grid.gain_y * y + batch.grid.offset;
      x = is_finite(to_image) ? map_x(to_image, crop_x, crop_y) : NAN;
      y = is_finite(to_image) ? map_y(to_image, crop_x, crop_y) : NAN;
    }
    keypoints[2 * item] = T(x);
    keypoints[2 * item + 1] = T(y);
    scores[item] = peak.value;
  }
}

template void decode(const DecodeBatch<float>&, int64_t, int64_t, float*, float*);
template void decode(const DecodeBatch<double>&, int64_t, int64_t, double*, double*);
template void decode(const DecodeBatch<Half>&, int64_t, int64_t, float*, float*);
template void decode(const DecodeBatch<BFloat16>&, int64_t, int64_t, float*, float*);

}  // namespace rmpe::cpu
