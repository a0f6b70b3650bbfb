// Decoding: from the peak of a heatmap to a keypoint.
#pragma once

#include <cmath>
#include <cstdint>

#include "affine.h"
#include "macros.h"

namespace rmpe {

// How a peak is refined to less than a pixel. rmpe_ext/conventions.py says which convention does
// which.
enum class Subpixel {
  kNone,
  kQuarter,  // a quarter pixel toward the larger neighbor
  kDark,     // one Newton step on the logarithm of the blurred map
  kDarkUdp,  // the same, from differences over one pixel, on the border too
};

// The step is computed from the (2 * radius + 1)^2 pixels around the peak.
RMPE_HD constexpr int patch_radius(Subpixel method) {
  return method == Subpixel::kDark ? 2 : method == Subpixel::kDarkUdp ? 1 : 0;
}

// The blur of nearly all conventions has this radius; the widest has the other one.
constexpr int kBlurRadius = 5, kMaxBlurRadius = 16;

RMPE_HD constexpr int blur_taps(int radius) { return 2 * radius + 1; }

// Pixels outside a map, under OpenCV's names: 000|abcd|000, aaa|abcd|ddd, cba|abcd|dcb,
// dcb|abcd|cba.
enum class Border { kZeros, kReplicate, kReflect, kReflect101 };

// A blur along both axes.
struct Blur {
  double weights[blur_taps(kMaxBlurRadius)];  // blur_taps(radius) of them, with the sum 1
  int radius;
  Border border;
};

// The blur of kBlurRadius with zeros outside, for which the loops have code of their own.
RMPE_HD bool is_usual(const Blur& blur) {
  return blur.radius == kBlurRadius && blur.border == Border::kZeros;
}

// The pixel of `size` that stands for the one at `position`, which may lie outside; -1 for zero.
RMPE_HD int64_t pixel_within(Border border, int64_t position, int64_t size) {
  if (position >= 0 && position < size) return position;
  if (border == Border::kZeros) return -1;
  if (border == Border::kReplicate || size == 1) return position < 0 ? 0 : size - 1;
  const int64_t repeated = border == Border::kReflect ? 1 : 0;  // whether the outer pixel is
  const int64_t period = 2 * (size - 1 + repeated);
  position %= period;
  if (position < 0) position += period;
  return position < size ? position : period - repeated - position;
}

// Peaks that lie within `start` pixels of the first edge, or `end` of the last, are not refined.
struct Margin {
  int64_t start, end;
};

struct Refinement {
  Subpixel method;
  Margin along, across;     // on the axis that is refined, at least 1 for kQuarter; on the other
  Blur blur;                // before a Newton step, or before the peak is found
  double log_min, log_max;  // blurred values are clamped to this range before the logarithm
  bool rescale = true;      // the blurred map to its old maximum
  bool blur_first = false;  // the peak is that of the blurred map
  double peak_shift = 0.0;  // added to the coordinates that are refined
};

// Crop pixel = gain * heatmap pixel + offset.
struct HeatmapGrid {
  double gain_x, gain_y, offset;
};

// How the heatmaps of a network are read.
struct DecodeConvention {
  Refinement refinement;
  double no_peak;   // both coordinates where no value is above 0; NaN: take the largest anyway
  bool flip_shift;  // shift the flipped-back map one pixel right before averaging
  HeatmapGrid grid;
  double score_scale = 1.0, score_offset = 0.0;  // what makes a score of the largest value
};

// Maps [N, K, height, width], each contiguous. The strides of people and joints are free.
template <typename Stored>
struct Heatmaps {
  const Stored* data;
  int64_t person_stride, joint_stride;

  RMPE_HD const Stored* map(int64_t n, int64_t k) const {
    return data + n * person_stride + k * joint_stride;
  }
};

// The heatmaps of a call. ToImage is how a device holds the map of each person.
template <typename Stored, typename ToImage>
struct DecodeBatch {
  Heatmaps<Stored> heatmaps;
  Heatmaps<Stored> flipped;      // of the mirrored images, or null data
  const int64_t* swapped_joint;  // [K], joint k of the image is this joint of `flipped`
  ToImage to_image;              // [N], crop pixel -> image pixel; without: heatmap pixels
  int64_t N, K, height, width;
  DecodeConvention convention;
};

// A Gaussian of kBlurRadius with zeros outside.
RMPE_HD void set_gaussian(double sigma, Blur& blur) {
  constexpr int taps = blur_taps(kBlurRadius);
  blur.radius = kBlurRadius;
  blur.border = Border::kZeros;
  double total = 0.0;
  for (int i = 0; i < taps; ++i) {
    const double distance = double(i - kBlurRadius);
    blur.weights[i] = exp(-distance * distance / (2.0 * sigma * sigma));
    total += blur.weights[i];
  }
  for (int i = 0; i < taps; ++i) blur.weights[i] /= total;
}

// The blur of one value along one axis, from the values around it.
RMPE_HD double blurred(const double* weights, int taps, const double* values) {
  double sum = 0.0;
  for (int tap = 0; tap < taps; ++tap) sum += weights[tap] * values[tap];
  return sum;
}

// In heatmap pixels.
struct Step {
  double x, y;
};

RMPE_HD bool is_inside(const Margin& margin, int64_t position, int64_t size) {
  return position >= margin.start && position < size - margin.end;
}

// The axes along which a peak at (x, y) is refined.
struct RefinedAxes {
  bool x, y;
};

RMPE_HD RefinedAxes refined_axes(const Refinement& refinement, int64_t height, int64_t width,
                                 int64_t x, int64_t y) {
  const Margin &along = refinement.along, &across = refinement.across;
  return {is_inside(along, x, width) && is_inside(across, y, height),
          is_inside(along, y, height) && is_inside(across, x, width)};
}

// A quarter pixel toward the larger of two neighbors, 0 if they are equal.
template <typename T>
RMPE_HD double quarter_step(T before, T after) {
  return 0.25 * ((after > before) - (after < before));
}

// A blurred map may be rescaled to the maximum that it had before the blur. The logarithm makes a
// constant of the scale, which cancels in the differences, unless a value is clamped. So the
// blurred maximum, which costs a blur of the whole map, is needed only where a value may be
// clamped. The scale is at least 1, because a blurred value is an average of values of the map, and
// no rescaled value exceeds the old maximum. below_min: whether a blurred value of the patch is
// below log_min.
RMPE_HD bool must_rescale(const Refinement& refinement, double peak, bool below_min) {
  // If the peak itself is not above log_min, the whole map is clamped to it whatever the scale.
  return refinement.rescale && peak > refinement.log_min &&
         (below_min || peak > refinement.log_max);
}

// The logarithm of a value of the blurred and rescaled map.
RMPE_HD double clamped_log(const Refinement& refinement, double value) {
  value = value < refinement.log_min ? refinement.log_min : value;
  value = value > refinement.log_max ? refinement.log_max : value;
  return log(value);
}

// Whether the step depends on pixel (x, y) of the patch.
RMPE_HD bool is_in_stencil(int radius, int x, int y) {
  return (x > radius ? x - radius : radius - x) + (y > radius ? y - radius : radius - y) <= 2;
}

RMPE_HD Step newton_step(double dx, double dy, double dxx, double dyy, double dxy) {
  const double determinant = dxx * dyy - dxy * dxy;
  const Step step{(dxy * dy - dyy * dx) / determinant, (dxy * dx - dxx * dy) / determinant};
  return (step.x + step.y) * 0.0 == 0.0 ? step : Step{0.0, 0.0};
}

// -Hess^-1 grad of the logarithms h around a peak, from central differences (Zhang et al.,
// "Distribution-aware coordinate representation for human pose estimation", CVPR 2020, equation 8).
// 0 where the Hessian is singular or the step is not finite.
RMPE_HD Step dark_step(const double (&h)[5][5]) {
  const double dx = 0.5 * (h[2][3] - h[2][1]), dy = 0.5 * (h[3][2] - h[1][2]);
  const double dxx = 0.25 * (h[2][4] - 2.0 * h[2][2] + h[2][0]);
  const double dyy = 0.25 * (h[4][2] - 2.0 * h[2][2] + h[0][2]);
  const double dxy = 0.25 * (h[3][3] - h[1][3] - h[3][1] + h[1][1]);
  const double determinant = dxx * dyy - dxy * dxy;
  // A flat map or a straight ridge has no curvature along some axis: what is computed is rounding.
  const double curvature = fabs(dxx) + fabs(dyy) + fabs(dxy);
  constexpr double flat = 1e-10, singular = 1e-12;
  if (!(curvature > flat && fabs(determinant) > singular * curvature * curvature)) {
    return {0.0, 0.0};
  }
  return newton_step(dx, dy, dxx, dyy, dxy);
}

// -(Hess + eps I)^-1 grad of the logarithms h around a peak at (x, y), from differences over one
// pixel (Huang et al., "The devil is in the details: delving into unbiased data processing for
// human pose estimation", CVPR 2020). eps, the epsilon of float32, makes the Hessian of a flat map
// invertible. 0 where the step is not finite.
RMPE_HD Step dark_udp_step(const double (&h)[3][3], int64_t height, int64_t width, int64_t x,
                           int64_t y) {
  // Beyond the border, the outer pixels are repeated.
  const int left = x > 0 ? 0 : 1, right = x < width - 1 ? 2 : 1;
  const int up = y > 0 ? 0 : 1, down = y < height - 1 ? 2 : 1;
  constexpr double eps = 1.0 / 8388608.0;
  const double dx = 0.5 * (h[1][right] - h[1][left]), dy = 0.5 * (h[down][1] - h[up][1]);
  const double dxx = h[1][right] - 2.0 * h[1][1] + h[1][left] + eps;
  const double dyy = h[down][1] - 2.0 * h[1][1] + h[up][1] + eps;
  const double dxy = 0.5 * (h[down][right] - h[1][right] - h[down][1] + 2.0 * h[1][1] - h[1][left] -
                            h[up][1] + h[up][left]);
  return newton_step(dx, dy, dxx, dyy, dxy);
}

// A peak at (x, y), in heatmap pixels, once it is refined along some axes. A Newton step is made
// along both or none.
RMPE_HD Point shifted_point(const Refinement& refinement, RefinedAxes axes, int64_t x, int64_t y,
                            const Step& step) {
  if (refinement.method != Subpixel::kQuarter) axes.x = axes.y = axes.x && axes.y;
  return {double(x) + (axes.x ? step.x + refinement.peak_shift : 0.0),
          double(y) + (axes.y ? step.y + refinement.peak_shift : 0.0)};
}

// Whether the keypoint lies at the largest value of a map, which is `value`.
RMPE_HD bool has_peak(const DecodeConvention& convention, double value) {
  return value > 0.0 || (convention.no_peak != convention.no_peak && value == value);
}

// The keypoint of a map without a peak, in heatmap pixels.
RMPE_HD Point point_without_peak(const DecodeConvention& convention, double value) {
  const double coordinate = value == value ? convention.no_peak : NAN;
  return {coordinate, coordinate};
}

// The score of a map with this largest value.
template <typename T>
RMPE_HD T decode_score(const DecodeConvention& convention, T value) {
  if (convention.score_scale == 1.0 && convention.score_offset == 0.0) return value;
  return T(convention.score_scale * double(value) + convention.score_offset);
}

RMPE_HD Point crop_point(const HeatmapGrid& grid, const Point& heatmap_point) {
  return {grid.gain_x * heatmap_point.x + grid.offset, grid.gain_y * heatmap_point.y + grid.offset};
}

// The column of a mirrored map that is averaged with column x. A shift moves the flipped-back map
// one pixel right; its first column stays.
RMPE_HD int64_t mirrored_column(int64_t x, int64_t width, bool shift) {
  return width - 1 - (shift && x > 0 ? x - 1 : x);
}

}  // namespace rmpe
