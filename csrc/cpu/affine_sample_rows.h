// Upright maps are separable: an input row is interpolated along x once, for all output rows that
// blend it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "cpu/affine_sample_taps.h"

namespace rmpe::cpu {

// The taps along x of an upright map are those of row 0 in an image of two rows.
inline SampleGeometry one_row(SampleGeometry g) {
  g.input_height = 2;
  return g;
}
constexpr Line kRowZero{0.0, 0.0, 0.0};

// An input row sampled at every output column, and the derivatives by the positions.
template <typename T>
struct InterpolatedRow {
  const T* value;  // [width]
  const T* slope;  // [width]
};

template <typename S>
inline void interpolate_row(const S* pixels, const BilinearRow<ComputeType<S>>& columns,
                            const SampleGeometry& g, ComputeType<S>* __restrict value,
                            ComputeType<S>* __restrict slope) {  // [width], slope may be null
  using T = ComputeType<S>;
  for_columns<T>(columns.inner, [&](auto lanes, int64_t x) {
    using L = decltype(lanes);
    typename L::Vector left, right;
    L::load_pairs(pixels, columns.offset.data() + x, left, right);
    const auto fx = L::load(columns.fx.data() + x);
    L::store(value + x, left * (T(1) - fx) + right * fx);
    if (slope) L::store(slope + x, (right - left) * L::load(columns.slope_x.data() + x));
  });
  const auto clear = [&](int64_t begin, int64_t end) {
    std::fill(value + begin, value + end, T(0));
    if (slope) std::fill(slope + begin, slope + end, T(0));
  };
  clear(0, columns.reach.first);
  clear(columns.reach.last, g.width);
  for_border_columns(columns, [&](int64_t x) {
    const Position at = padded(columns.x, x, g.input_width, g);
    T sum = 0, derivative = 0;
    for (int k = 0; k < 2; ++k) {
      const Corner<T> corner = bilinear_corner<T>(k, at.at, 0.0, g);
      if (corner.offset < 0) continue;
      sum += corner.weight * widen(pixels[corner.offset]);
      derivative += corner.weight_dx * widen(pixels[corner.offset]);
    }
    value[x] = sum;
    if (slope) slope[x] = derivative * T(at.slope);
  });
}

// The last two interpolated input rows.
template <typename S>
class RowCache {
 public:
  using T = ComputeType<S>;

  RowCache(const SampleGeometry& geometry, bool with_slopes)
      : geometry_(geometry),
        values_(2 * geometry.width),
        slopes_(with_slopes ? 2 * geometry.width : 0),
        zeros_(geometry.width) {}

  void start(const S* plane) {
    plane_ = plane;
    rows_[0] = rows_[1] = -1;
  }

  // Rows of one parity share a slot, so that `row` stays valid when `row + 1` is fetched.
  InterpolatedRow<T> get(int64_t row, const BilinearRow<T>& columns) {
    if (row < 0 || row >= geometry_.input_height) return {zeros_.data(), zeros_.data()};
    const int slot = int(row & 1);
    T* value = values_.data() + slot * geometry_.width;
    T* slope = slopes_.empty() ? nullptr : slopes_.data() + slot * geometry_.width;
    if (rows_[slot] != row) {
      rows_[slot] = row;
      interpolate_row(plane_ + row * geometry_.input_width, columns, geometry_, value, slope);
    }
    return {value, slope};
  }

 private:
  SampleGeometry geometry_;
  std::vector<T> values_, slopes_, zeros_;
  const S* plane_ = nullptr;
  int64_t rows_[2] = {-1, -1};
};

// The two input rows that an output row of an upright map blends.
template <typename T>
struct RowPair {
  int64_t upper;
  T upper_weight, lower_weight, slope;
};

template <typename T>
RowPair<T> row_pair(const Affine& map, const SampleGeometry& g, int64_t y) {
  const Position at = padded(line_y(map, g, y), 0, g.input_height, g);
  const double upper = std::floor(at.at);
  const T fraction = T(at.at - upper);
  return {int64_t(upper), T(1) - fraction, fraction, T(at.slope)};
}

template <typename T>
bool takes_nothing(const RowPair<T>& pair, const SampleGeometry& g) {
  return pair.upper < -1 || pair.upper >= g.input_height;
}

}  // namespace rmpe::cpu
