// Cost: an output pixel needs its position, floor and two fractions, in vectorized double
// arithmetic that all channels share. In each channel it needs four input pixels, nine operations
// and a store. Loads are the bottleneck: two adjacent pixels are fetched by one.
//
// An upright map (the common case) is separable, as in crop: an input row is interpolated along x
// once, and an output row blends two such rows. Any other map computes its taps for each row.
#include "cpu/affine_sample.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "cpu/affine_sample_rows.h"
#include "cpu/affine_sample_taps.h"

namespace rmpe::cpu {
namespace {

// Channels that use the taps of a row before the next row is begun. They are few enough that the
// input pixels around the row stay in the cache.
constexpr int64_t kChannelBlock = 16;

template <typename S>
inline void forward_nearest(const SampleBatch<S>& batch, int64_t n, int64_t row_begin,
                            int64_t row_end, S* output) {  // [C, height, width]
  const SampleGeometry& g = batch.geometry;
  std::vector<int32_t> offset(g.width);
  for (int64_t y = row_begin; y < row_end; ++y) {
    fill_nearest(batch.maps[n], g, y, offset.data());
    for (int64_t c = 0; c < batch.C; ++c) {
      const S* plane = batch.plane(n, c);
      S* out = output + (c * g.height + y) * g.width;
      for (int64_t x = 0; x < g.width; ++x) out[x] = offset[x] < 0 ? S{} : plane[offset[x]];
    }
  }
}

template <typename S>
inline void sample_row(const S* plane, const BilinearRow<ComputeType<S>>& row,
                       const SampleGeometry& g, int64_t ahead,
                       ComputeType<S>* __restrict out) {  // [width]
  using T = ComputeType<S>;
  const S* below = plane + g.input_width;
  for_columns<T>(row.inner, [&](auto lanes, int64_t x) {
    using L = decltype(lanes);
    typename L::Vector upper_left, upper_right, lower_left, lower_right;
    prefetch(plane, row.offset[x] + ahead);
    L::load_pairs(plane, row.offset.data() + x, upper_left, upper_right);
    L::load_pairs(below, row.offset.data() + x, lower_left, lower_right);
    const auto fx = L::load(row.fx.data() + x), fy = L::load(row.fy.data() + x);
    const auto ux = T(1) - fx, uy = T(1) - fy;
    L::store(out + x,
             (upper_left * ux + upper_right * fx) * uy + (lower_left * ux + lower_right * fx) * fy);
  });
  std::fill(out, out + row.reach.first, T(0));
  std::fill(out + row.reach.last, out + g.width, T(0));
  for_border_columns(row, [&](int64_t x) {
    const double at_x = padded(row.x, x, g.input_width, g).at;
    const double at_y = padded(row.y, x, g.input_height, g).at;
    T value = 0;
    for (int k = 0; k < 4; ++k) {
      const Corner<T> corner = bilinear_corner<T>(k, at_x, at_y, g);
      if (corner.offset >= 0) value += corner.weight * widen(plane[corner.offset]);
    }
    out[x] = value;
  });
}

template <typename S>
inline void forward_general(const SampleBatch<S>& batch, int64_t n, int64_t row_begin,
                            int64_t row_end, S* output) {  // [C, height, width]
  using T = ComputeType<S>;
  const SampleGeometry& g = batch.geometry;
  BilinearRow<T> row(g.width);
  std::vector<T> wide(g.width);
  const int64_t ahead = prefetch_distance(batch.maps[n], g);
  for (int64_t c_begin = 0; c_begin < batch.C; c_begin += kChannelBlock) {
    const int64_t c_end = std::min(batch.C, c_begin + kChannelBlock);
    for (int64_t y = row_begin; y < row_end; ++y) {
      row.set(line_x(batch.maps[n], g, y), line_y(batch.maps[n], g, y), g);
      for (int64_t c = c_begin; c < c_end; ++c) {
        S* out = output + (c * g.height + y) * g.width;
        if constexpr (std::is_same_v<S, T>) {
          sample_row(batch.plane(n, c), row, g, ahead, out);
        } else {
          sample_row(batch.plane(n, c), row, g, ahead, wide.data());
          narrow_row(wide.data(), g.width, out);
        }
      }
    }
  }
}

template <typename S>
inline void forward_upright(const SampleBatch<S>& batch, int64_t n, int64_t row_begin,
                            int64_t row_end, S* output) {  // [C, height, width]
  using T = ComputeType<S>;
  const SampleGeometry& g = batch.geometry;
  BilinearRow<T> columns(g.width);
  columns.set(line_x(batch.maps[n], g, 0), kRowZero, one_row(g));
  RowCache<S> cache(g, /*with_slopes=*/false);
  for (int64_t c = 0; c < batch.C; ++c) {
    cache.start(batch.plane(n, c));
    for (int64_t y = row_begin; y < row_end; ++y) {
      S* __restrict out = output + (c * g.height + y) * g.width;
      const RowPair<T> pair = row_pair<T>(batch.maps[n], g, y);
      if (takes_nothing(pair, g)) {
        std::fill(out, out + g.width, S{});
        continue;
      }
      const T* __restrict upper = cache.get(pair.upper, columns).value;
      const T* __restrict lower = cache.get(pair.upper + 1, columns).value;
      for (int64_t x = 0; x < g.width; ++x) {
        narrow(upper[x] * pair.upper_weight + lower[x] * pair.lower_weight, out[x]);
      }
    }
  }
}

}  // namespace

template <typename S>
void affine_sample(const SampleBatch<S>& batch, int64_t begin, int64_t end, S* output) {
  const SampleGeometry& g = batch.geometry;
  while (begin < end) {
    const int64_t n = begin / g.height, row_begin = begin - n * g.height;
    const int64_t row_end = std::min(g.height, row_begin + (end - begin));
    S* out = output + n * batch.C * g.height * g.width;
    if (g.interpolation == Interpolation::kNearest) {
      forward_nearest(batch, n, row_begin, row_end, out);
    } else if (is_upright(batch.maps[n])) {
      forward_upright(batch, n, row_begin, row_end, out);
    } else {
      forward_general(batch, n, row_begin, row_end, out);
    }
    begin += row_end - row_begin;
  }
}

template void affine_sample(const SampleBatch<float>&, int64_t, int64_t, float*);
template void affine_sample(const SampleBatch<double>&, int64_t, int64_t, double*);
template void affine_sample(const SampleBatch<Half>&, int64_t, int64_t, Half*);
template void affine_sample(const SampleBatch<BFloat16>&, int64_t, int64_t, BFloat16*);

}  // namespace rmpe::cpu
