// Cost: a heatmap is read once, 12 KB at 64x48 float32, with one comparison and one addition per
// value; memory is the bottleneck. The refinement of a peak touches a few lines that are still in
// the cache.
#include "cpu/decode.h"

#include <vector>

#include "cpu/blur.h"
#include "cpu/convert.h"
#include "cpu/flip.h"
#include "cpu/peak.h"

namespace rmpe::cpu {
namespace {

// The logarithm of the blurred and rescaled map, up to kRadius pixels from the peak at (x, y).
template <int kRadius, typename T>
inline void log_blurred(const Refinement& refinement, const T* map,  // [height, width]
                        int64_t height, int64_t width, int64_t x, int64_t y,
                        // outputs
                        double (&patch)[2 * kRadius + 1][2 * kRadius + 1]) {
  constexpr int kSize = 2 * kRadius + 1;
  blur_tile(refinement.blur, map, height, width, x - kRadius, y - kRadius, patch);
  bool below_min = false;
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) below_min |= patch[j][i] < refinement.log_min;
  }
  const double peak = double(map[y * width + x]);
  const double scale = must_rescale(refinement, peak, below_min)
                           ? peak / blurred_maximum(refinement.blur, map, height, width)
                           : 1.0;
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) {
      if (is_in_stencil(kRadius, i, j)) patch[j][i] = clamped_log(refinement, scale * patch[j][i]);
    }
  }
}

template <typename T>
inline Step subpixel_step(const Refinement& refinement, const T* map,  // [height, width]
                          int64_t height, int64_t width, int64_t x, int64_t y) {
  const RefinedAxes axes = refined_axes(refinement, height, width, x, y);
  Step step{0.0, 0.0};
  if (refinement.method == Subpixel::kQuarter) {
    const T* peak = map + y * width + x;
    if (axes.x) step.x = quarter_step(peak[-1], peak[1]);
    if (axes.y) step.y = quarter_step(peak[-width], peak[width]);
  } else if (refinement.method == Subpixel::kDark && axes.x && axes.y) {
    double h[5][5];
    log_blurred<patch_radius(Subpixel::kDark)>(refinement, map, height, width, x, y, h);
    step = dark_step(h);
  } else if (refinement.method == Subpixel::kDarkUdp && axes.x && axes.y) {
    double h[3][3];
    log_blurred<patch_radius(Subpixel::kDarkUdp)>(refinement, map, height, width, x, y, h);
    step = dark_udp_step(h, height, width, x, y);
  }
  return step;
}

// `flatten` inlines the functions that are called, which would otherwise not be compiled for every
// processor.
RMPE_MULTIVERSION __attribute__((flatten)) Step step_below_pixel(const Refinement& refinement,
                                                                 const float* map, int64_t height,
                                                                 int64_t width, int64_t x,
                                                                 int64_t y) {
  return subpixel_step(refinement, map, height, width, x, y);
}
RMPE_MULTIVERSION __attribute__((flatten)) Step step_below_pixel(const Refinement& refinement,
                                                                 const double* map, int64_t height,
                                                                 int64_t width, int64_t x,
                                                                 int64_t y) {
  return subpixel_step(refinement, map, height, width, x, y);
}

}  // namespace

template <typename Stored>
void decode(const DecodeBatch<Stored>& batch, int64_t begin, int64_t end,
            ComputeType<Stored>* keypoints, ComputeType<Stored>* scores) {
  using T = ComputeType<Stored>;
  const int64_t height = batch.height, width = batch.width;
  const bool flip = batch.flipped.data != nullptr;
  Reader<Stored> reader(height * width), flipped_reader(flip ? height * width : 0);
  std::vector<T> averaged(flip ? height * width : 0);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t n = item / batch.K, k = item % batch.K;
    const T* map = reader.read(batch.heatmaps.map(n, k));
    if (flip) {
      const T* flipped = flipped_reader.read(batch.flipped.map(n, batch.swapped_joint[k]));
      average_flipped(map, flipped, height, width, batch.convention.flip_shift, averaged.data());
      map = averaged.data();
    }
    const Peak<T> peak = find_peak(map, height * width);
    Point point = point_without_peak(batch.convention, peak.value);
    if (has_peak(batch.convention, peak.value)) {
      const int64_t x = peak.index % width, y = peak.index / width;
      const Step step = step_below_pixel(batch.convention.refinement, map, height, width, x, y);
      point = {double(x) + step.x, double(y) + step.y};
    }
    if (batch.to_image) {
      point = map_point(batch.to_image[n], crop_point(batch.convention.grid, point));
    }
    keypoints[2 * item] = T(point.x);
    keypoints[2 * item + 1] = T(point.y);
    scores[item] = peak.value;
  }
}

template void decode(const DecodeBatch<float>&, int64_t, int64_t, float*, float*);
template void decode(const DecodeBatch<double>&, int64_t, int64_t, double*, double*);
template void decode(const DecodeBatch<Half>&, int64_t, int64_t, float*, float*);
template void decode(const DecodeBatch<BFloat16>&, int64_t, int64_t, float*, float*);

}  // namespace rmpe::cpu
