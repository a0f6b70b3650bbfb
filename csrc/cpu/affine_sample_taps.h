// The taps of one output row: input pixels and their weights, the same for all channels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "core/affine_sample.h"
#include "cpu/simd.h"
#include "cpu/span.h"

namespace rmpe::cpu {

// The first of `width` columns at which the line has reached or passed `threshold`. Its step is not
// 0. The estimate is off by a column or two at most, because a rounded line is still monotonic.
inline int64_t crossing(const Line& line, double threshold, int64_t width) {
  const auto crossed = [&](int64_t x) { return (line.at(x) >= threshold) == (line.step > 0.0); };
  const double estimate = (threshold - line.start) / line.step + line.center;
  int64_t x = estimate > 0.0 ? (estimate < double(width) ? int64_t(estimate) : width) : 0;
  while (x > 0 && crossed(x - 1)) --x;
  while (x < width && !crossed(x)) ++x;
  return x;
}

// The columns with low <= coordinate < high.
inline Span columns_within(const Line& line, double low, double high, int64_t width) {
  if (!(line.step != 0.0)) {
    return {0, line.start >= low && line.start < high ? width : 0};
  }
  const int64_t a = crossing(line, low, width), b = crossing(line, high, width);
  return {std::min(a, b), std::max(a, b)};
}

inline bool is_upright(const Affine& map) { return map.xy == 0.0 && map.yx == 0.0; }

// Writes the taps of columns [span.first, span.last), all four corners of which must exist.
// offset: [width], of the upper left corner. fx, fy: [width], weights of the right and of the lower
// corners. slope_x, slope_y: [width], derivatives of the padded position by the coordinate.
void fill_taps(const Line& x, const Line& y, const Span& span, const SampleGeometry& geometry,
               // outputs
               int32_t* offset, float* fx, float* fy, float* slope_x, float* slope_y);
void fill_taps(const Line& x, const Line& y, const Span& span, const SampleGeometry& geometry,
               // outputs
               int32_t* offset, double* fx, double* fy, double* slope_x, double* slope_y);

// Writes the pixel nearest to each sample of output row y, [width]; -1 if there is none.
void fill_nearest(const Affine& map, const SampleGeometry& geometry, int64_t y,
                  // outputs
                  int32_t* offset);

// The taps of an output row. T: float or double, the type of the computation.
template <typename T>
struct BilinearRow {
  Line x, y;
  Span reach;  // columns with at least one corner inside the image
  Span inner;  // columns with all four corners inside; fill_taps has written the taps of these
  std::vector<int32_t> offset;
  std::vector<T> fx, fy, slope_x, slope_y;

  explicit BilinearRow(int64_t width)
      : offset(width), fx(width), fy(width), slope_x(width), slope_y(width) {}

  void set(const Line& line_x, const Line& line_y, const SampleGeometry& g) {
    x = line_x;
    y = line_y;
    reach = inner = {0, g.width};
    if (g.padding == Padding::kZeros) {
      const double width = double(g.input_width), height = double(g.input_height);
      reach = columns_within(x, -1.0, width, g.width)
                  .intersect(columns_within(y, -1.0, height, g.width));
      inner = reach.intersect(columns_within(x, 0.0, width - 1.0, g.width))
                  .intersect(columns_within(y, 0.0, height - 1.0, g.width));
    } else if (g.input_width < 2 || g.input_height < 2) {
      inner.last = 0;  // an image of one row or column has no four corners
    }
    fill_taps(x, y, inner, g, offset.data(), fx.data(), fy.data(), slope_x.data(), slope_y.data());
  }
};

// Calls body(column) for columns with one to three corners inside the image. There are few of them,
// so the function is not inlined into the loops around it.
template <typename T, typename Body>
__attribute__((noinline)) void for_border_columns(const BilinearRow<T>& row, Body&& body) {
  for (int64_t x = row.reach.first; x < row.inner.first; ++x) body(x);
  for (int64_t x = row.inner.last; x < row.reach.last; ++x) body(x);
}

// One column, and a vector of four.
template <typename T>
struct OneColumn {
  using Vector = T;

  static T load(const T* values) { return *values; }
  static void store(T* out, T value) { *out = value; }
  static void store_pairs(T* out, T left, T right) {
    out[0] = left;
    out[1] = right;
  }
  // The pixels at `offset` and right of it.
  template <typename S>
  static void load_pairs(const S* row, const int32_t* offset, T& left, T& right) {
    left = widen(row[*offset]);
    right = widen(row[*offset + 1]);
  }
};

struct FourColumns {
  using Vector = Float4;

  static Float4 load(const float* values) {
    Float4 vector;
    std::memcpy(&vector, values, sizeof vector);
    return vector;
  }
  static void store(float* out, Float4 value) { std::memcpy(out, &value, sizeof value); }
  static void store_pairs(float* out, Float4 left, Float4 right) {
    store(out, __builtin_shufflevector(left, right, 0, 4, 1, 5));
    store(out + 4, __builtin_shufflevector(left, right, 2, 6, 3, 7));
  }

  // A pair is loaded at once: 64 bits, or 32 for the 16-bit formats.
  static void load_pairs(const float* row, const int32_t* offset, Float4& left, Float4& right) {
    typedef double Double2 __attribute__((vector_size(16)));
    double pairs[4];
    for (int i = 0; i < 4; ++i) std::memcpy(&pairs[i], row + offset[i], sizeof(double));
    const Float4 low = (Float4)Double2{pairs[0], pairs[1]};
    const Float4 high = (Float4)Double2{pairs[2], pairs[3]};
    left = __builtin_shufflevector(low, high, 0, 2, 4, 6);
    right = __builtin_shufflevector(low, high, 1, 3, 5, 7);
  }
  template <typename S>
  static void load_pairs(const S* row, const int32_t* offset, Float4& left, Float4& right) {
    static_assert(sizeof(S) == 2);
    uint32_t pairs[4];
    for (int i = 0; i < 4; ++i) std::memcpy(&pairs[i], row + offset[i], sizeof(uint32_t));
    const Word4 words{pairs[0], pairs[1], pairs[2], pairs[3]};
    left = widen_lanes(words & 0xffffu, S{});
    right = widen_lanes(words >> 16, S{});
  }

 private:
  // As widen() of core/half.h, which GCC does not vectorize for four values.
  static Float4 widen_lanes(Word4 bits, BFloat16) { return (Float4)(bits << 16); }
  static Float4 widen_lanes(Word4 bits, Half) {
    const Word4 magnitude = bits & 0x7fffu, sign = (bits & 0x8000u) << 16;
    const Word4 special = (Word4)((Int4)magnitude >= 0x7c00) & (112u << 23);
    const Word4 normal = (magnitude << 13) + (112u << 23) + special;
    const Word4 subnormal =
        (Word4)(__builtin_convertvector((Int4)magnitude, Float4) * (1.0f / 16777216.0f));
    const Word4 is_subnormal = (Word4)((Int4)magnitude < 0x0400);
    return (Float4)((subnormal & is_subnormal) | (normal & ~is_subnormal) | sign);
  }
};

// Calls body(lanes, column) for all columns of a span: in float32 four at a time, as FourColumns.
template <typename T, typename Body>
inline void for_columns(const Span& span, Body&& body) {
  int64_t x = span.first;
  if constexpr (std::is_same_v<T, float>) {
    for (; x + 4 <= span.last; x += 4) body(FourColumns{}, x);
  }
  for (; x < span.last; ++x) body(OneColumn<T>{}, x);
}

// A row that crosses the input at an angle touches cache lines in an order that processors do not
// predict. The output row kRowsAhead below reads at a constant distance from this one, so its
// pixels are prefetched. To prefetch an address outside the plane does no harm.
constexpr double kRowsAhead = 8.0;

inline int64_t prefetch_distance(const Affine& map, const SampleGeometry& g) {
  const double rows = kRowsAhead * map.yy, columns = kRowsAhead * map.xy;
  const double distance = std::floor(rows) * double(g.input_width) + columns;
  return std::fabs(distance) < 1e9 ? int64_t(distance) : 0;
}

template <typename S>
inline void prefetch(const S* plane, int64_t offset) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(plane) + offset * int64_t(sizeof(S));
  __builtin_prefetch(reinterpret_cast<const void*>(address));
}

// Values of S as T: in `scratch`, or in place if S is T.
template <typename S, typename T>
inline const T* widen_row(const S* values, int64_t count, T* scratch) {
  if constexpr (std::is_same_v<S, T>) {
    return values;
  } else {
    for (int64_t i = 0; i < count; ++i) scratch[i] = widen(values[i]);
    return scratch;
  }
}

template <typename S, typename T>
inline void narrow_row(const T* __restrict values, int64_t count, S* __restrict out) {
  for (int64_t i = 0; i < count; ++i) narrow(values[i], out[i]);
}

}  // namespace rmpe::cpu
