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

// The logarithm of the blurred and rescaled map, kRadius pixels around (x, y). maximum: of the map.
template <int kMaxRadius, int kRadius, typename T>
inline void log_blurred(const Refinement& refinement, const T* map,  // [height, width]
                        int64_t height, int64_t width, int64_t x, int64_t y, double maximum,
                        // outputs
                        double (&patch)[2 * kRadius + 1][2 * kRadius + 1]) {
  constexpr int kSize = 2 * kRadius + 1;
  blur_tile<kMaxRadius>(refinement.blur, map, height, width, x - kRadius, y - kRadius, patch);
  bool below_min = false;
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) below_min |= patch[j][i] < refinement.log_min;
  }
  const double scale =
      must_rescale(refinement, maximum, below_min)
          ? maximum / blurred_maximum<kMaxRadius>(refinement.blur, map, height, width)
          : 1.0;
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i < kSize; ++i) {
      if (is_in_stencil(kRadius, i, j)) patch[j][i] = clamped_log(refinement, scale * patch[j][i]);
    }
  }
}

template <int kMaxRadius, typename T>
inline Step newton(const Refinement& refinement, const T* map,  // [height, width]
                   int64_t height, int64_t width, int64_t x, int64_t y, double maximum) {
  if (refinement.method == Subpixel::kDark) {
    double h[5][5];
    constexpr int kRadius = patch_radius(Subpixel::kDark);
    log_blurred<kMaxRadius, kRadius>(refinement, map, height, width, x, y, maximum, h);
    return dark_step(h);
  }
  double h[3][3];
  constexpr int kRadius = patch_radius(Subpixel::kDarkUdp);
  log_blurred<kMaxRadius, kRadius>(refinement, map, height, width, x, y, maximum, h);
  return dark_udp_step(h, height, width, x, y);
}

// Where blurred, the map around a quarter step is the blurred one.
template <typename T>
inline Step quarter(const RefinedAxes& axes, const T* map, int64_t width, int64_t x, int64_t y) {
  const T* peak = map + y * width + x;
  return {axes.x ? quarter_step(peak[-1], peak[1]) : 0.0,
          axes.y ? quarter_step(peak[-width], peak[width]) : 0.0};
}

// Not templates, because GCC cannot compile those for several processors; flattened, so that what
// they call is compiled for them too.
RMPE_MULTIVERSION __attribute__((flatten)) Step usual_newton(const Refinement& refinement,
                                                             const float* map, int64_t height,
                                                             int64_t width, int64_t x, int64_t y,
                                                             double maximum) {
  return newton<kBlurRadius>(refinement, map, height, width, x, y, maximum);
}
RMPE_MULTIVERSION __attribute__((flatten)) Step usual_newton(const Refinement& refinement,
                                                             const double* map, int64_t height,
                                                             int64_t width, int64_t x, int64_t y,
                                                             double maximum) {
  return newton<kBlurRadius>(refinement, map, height, width, x, y, maximum);
}

template <typename T>
Point peak_point(const Refinement& refinement, const T* map,  // [height, width]
                 int64_t height, int64_t width, const Peak<T>& peak, std::vector<double>& blurred) {
  int64_t index = peak.index;
  if (refinement.blur_first) {
    blur_map<kMaxBlurRadius>(
        refinement.blur, map, height, width,
        [&](int64_t x, int64_t y, double value) { blurred[y * width + x] = value; });
    index = find_peak(blurred.data(), height * width).index;
  }
  const int64_t x = index % width, y = index / width;
  const RefinedAxes axes = refined_axes(refinement, height, width, x, y);
  Step step{0.0, 0.0};
  if (refinement.method == Subpixel::kQuarter) {
    step = refinement.blur_first ? quarter(axes, blurred.data(), width, x, y)
                                 : quarter(axes, map, width, x, y);
  } else if (patch_radius(refinement.method) > 0 && axes.x && axes.y) {
    const double maximum = double(peak.value);
    step = is_usual(refinement.blur)
               ? usual_newton(refinement, map, height, width, x, y, maximum)
               : newton<kMaxBlurRadius>(refinement, map, height, width, x, y, maximum);
  }
  return shifted_point(refinement, axes, x, y, step);
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
  const Refinement& refinement = batch.convention.refinement;
  std::vector<double> blurred(refinement.blur_first ? height * width : 0);
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
      point = peak_point(refinement, map, height, width, peak, blurred);
    }
    if (batch.to_image) {
      point = map_point(batch.to_image[n], crop_point(batch.convention.grid, point));
    }
    keypoints[2 * item] = T(point.x);
    keypoints[2 * item + 1] = T(point.y);
    scores[item] = decode_score(batch.convention, peak.value);
  }
}

template void decode(const DecodeBatch<float>&, int64_t, int64_t, float*, float*);
template void decode(const DecodeBatch<double>&, int64_t, int64_t, double*, double*);
template void decode(const DecodeBatch<Half>&, int64_t, int64_t, float*, float*);
template void decode(const DecodeBatch<BFloat16>&, int64_t, int64_t, float*, float*);

}  // namespace rmpe::cpu
