#include "cpu/affine_sample_taps.h"

#include "core/macros.h"

namespace rmpe::cpu {
namespace {

template <Padding padding, typename T>
inline void fill(const Line& x, const Line& y, const Span& span, const SampleGeometry& g,
                 int32_t* __restrict offset, T* __restrict fx, T* __restrict fy,
                 T* __restrict slope_x, T* __restrict slope_y) {
  const int32_t width = int32_t(g.input_width), height = int32_t(g.input_height);
  const int32_t first = int32_t(span.first), last = int32_t(span.last);
  for (int32_t i = first; i < last; ++i) {
    const Position px =
        pad_position(x.start + x.step * (double(i) - x.center), width, padding, g.align_corners);
    const Position py =
        pad_position(y.start + y.step * (double(i) - y.center), height, padding, g.align_corners);
    // A position on the last pixel gives the right, or lower, corner the whole weight.
    const int32_t column = std::min(int32_t(px.at), width - 2);
    const int32_t row = std::min(int32_t(py.at), height - 2);
    offset[i] = row * width + column;
    fx[i] = T(px.at - double(column));
    fy[i] = T(py.at - double(row));
    slope_x[i] = T(px.slope);
    slope_y[i] = T(py.slope);
  }
}

template <typename T>
inline void fill(const Line& x, const Line& y, const Span& span, const SampleGeometry& g,
                 int32_t* offset, T* fx, T* fy, T* slope_x, T* slope_y) {
  switch (g.padding) {
    case Padding::kZeros:
      return fill<Padding::kZeros>(x, y, span, g, offset, fx, fy, slope_x, slope_y);
    case Padding::kBorder:
      return fill<Padding::kBorder>(x, y, span, g, offset, fx, fy, slope_x, slope_y);
    case Padding::kReflection:
      return fill<Padding::kReflection>(x, y, span, g, offset, fx, fy, slope_x, slope_y);
  }
}

}  // namespace

// Wide vectors speed these up; the loops over channels wait for loads instead. `flatten` inlines
// the functions that are called, which would otherwise not be compiled for every processor.
RMPE_MULTIVERSION __attribute__((flatten)) void fill_taps(const Line& x, const Line& y,
                                                          const Span& span, const SampleGeometry& g,
                                                          int32_t* offset, float* fx, float* fy,
                                                          float* slope_x, float* slope_y) {
  fill(x, y, span, g, offset, fx, fy, slope_x, slope_y);
}

RMPE_MULTIVERSION __attribute__((flatten)) void fill_taps(const Line& x, const Line& y,
                                                          const Span& span, const SampleGeometry& g,
                                                          int32_t* offset, double* fx, double* fy,
                                                          double* slope_x, double* slope_y) {
  fill(x, y, span, g, offset, fx, fy, slope_x, slope_y);
}

RMPE_MULTIVERSION __attribute__((flatten)) void fill_nearest(const Affine& map,
                                                             const SampleGeometry& g, int64_t y,
                                                             int32_t* offset) {
  const Line along_x = line_x(map, g, y), along_y = line_y(map, g, y);
  for (int64_t x = 0; x < g.width; ++x) {
    offset[x] = nearest_offset(padded(along_x, x, g.input_width, g).at,
                               padded(along_y, x, g.input_height, g).at, g);
  }
}

}  // namespace rmpe::cpu
