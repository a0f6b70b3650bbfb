// The transpose of the forward pass. A thread owns whole planes of the gradient to the input, so
// that no two threads add to one pixel, and additions have a fixed order.
//
// Cost: beside what the forward pass reads, an output pixel adds to four input pixels, as two
// pairs. The bottleneck is not arithmetic but loads that wait for a store just before.
#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "cpu/affine_sample.h"
#include "cpu/affine_sample_rows.h"
#include "cpu/affine_sample_taps.h"

namespace rmpe::cpu {
namespace {

// One block of channels of one image. Gradients to the input are summed in T.
template <typename S>
struct BackwardItem {
  using T = ComputeType<S>;
  const SampleBatch<S>& batch;
  int64_t n, c_begin, c_end;
  const S* grad;             // [C, height, width] of image n
  T* grad_planes;            // [c_end - c_begin, input_height, input_width], zeros; or null
  PositionMoments* moments;  // zeros; or null

  const S* grad_row(int64_t c, int64_t y) const {
    const SampleGeometry& g = batch.geometry;
    return grad + (c * g.height + y) * g.width;
  }
  T* grad_plane(int64_t c) const {
    const SampleGeometry& g = batch.geometry;
    return grad_planes + (c - c_begin) * g.input_height * g.input_width;
  }
};

// Sums over an output row of gx px, gx, gy px and gy; px is the column, measured from the center.
// There are four lanes whatever the vectors of the processor, so that all give the same sums.
template <typename T>
struct RowSums {
  T center;
  T one[4] = {};
  Float4 four[4] = {};

  void add(OneColumn<T>, int64_t x, T gx, T gy) { add_to(one, T(int32_t(x)) - center, gx, gy); }
  void add(FourColumns, int64_t x, Float4 gx, Float4 gy) {
    add_to(four, Float4{0, 1, 2, 3} + (T(int32_t(x)) - center), gx, gy);
  }

  void add_row_to(PositionMoments& moments, double py) const {
    double totals[4];
    for (int i = 0; i < 4; ++i) {
      totals[i] = double(one[i]);
      for (int lane = 0; lane < 4; ++lane) totals[i] += double(four[i][lane]);
    }
    const double row[6] = {totals[0], totals[1] * py, totals[1],
                           totals[2], totals[3] * py, totals[3]};
    for (int i = 0; i < 6; ++i) moments.values[i] += row[i];
  }

 private:
  template <typename V>
  static void add_to(V (&sums)[4], V px, V gx, V gy) {
    sums[0] += gx * px;
    sums[1] += gx;
    sums[2] += gy * px;
    sums[3] += gy;
  }
};

template <typename S>
inline void backward_nearest(const BackwardItem<S>& item) {
  const SampleGeometry& g = item.batch.geometry;
  std::vector<int32_t> offset(g.width);
  for (int64_t y = 0; y < g.height; ++y) {
    fill_nearest(item.batch.maps[item.n], g, y, offset.data());
    for (int64_t c = item.c_begin; c < item.c_end; ++c) {
      const S* grad = item.grad_row(c, y);
      ComputeType<S>* plane = item.grad_plane(c);
      for (int64_t x = 0; x < g.width; ++x) {
        if (offset[x] >= 0) plane[offset[x]] += widen(grad[x]);
      }
    }
  }
}

// Adds pairs [width, 2] to the pixels at `offset` and right of it. A load that overlaps a pair just
// stored waits until that is in the cache. Pairs four columns apart seldom overlap.
template <typename T>
inline void scatter_pairs(const int32_t* offset, const T* pairs, const Span& span, T* pixels) {
  typedef T Pair __attribute__((vector_size(2 * sizeof(T))));
  for (int64_t phase = 0; phase < 4; ++phase) {
    for (int64_t x = span.first + phase; x < span.last; x += 4) {
      Pair sum, pair;
      std::memcpy(&sum, pixels + offset[x], sizeof sum);
      std::memcpy(&pair, pairs + 2 * x, sizeof pair);
      sum += pair;
      std::memcpy(pixels + offset[x], &sum, sizeof sum);
    }
  }
}

// upper, lower: scratch [width, 2] for the pairs.
template <typename T>
inline void scatter_row(const BilinearRow<T>& row, const SampleGeometry& g, const T* grad,
                        T* __restrict upper, T* __restrict lower, T* grad_plane) {
  for_columns<T>(row.inner, [&](auto lanes, int64_t x) {
    using L = decltype(lanes);
    const auto fx = L::load(row.fx.data() + x), fy = L::load(row.fy.data() + x);
    const auto value = L::load(grad + x);
    const auto lower_value = value * fy, upper_value = value * (T(1) - fy);
    L::store_pairs(upper + 2 * x, upper_value * (T(1) - fx), upper_value * fx);
    L::store_pairs(lower + 2 * x, lower_value * (T(1) - fx), lower_value * fx);
  });
  scatter_pairs(row.offset.data(), upper, row.inner, grad_plane);
  scatter_pairs(row.offset.data(), lower, row.inner, grad_plane + g.input_width);
}

// Adds the gradients to the padded positions to gx and gy, [width].
template <typename S>
inline void position_gradient(const S* plane, const BilinearRow<ComputeType<S>>& row,
                              const SampleGeometry& g, int64_t ahead, const ComputeType<S>* grad,
                              ComputeType<S>* __restrict gx, ComputeType<S>* __restrict gy) {
  using T = ComputeType<S>;
  const S* below = plane + g.input_width;
  for_columns<T>(row.inner, [&](auto lanes, int64_t x) {
    using L = decltype(lanes);
    typename L::Vector upper_left, upper_right, lower_left, lower_right;
    prefetch(plane, row.offset[x] + ahead);
    L::load_pairs(plane, row.offset.data() + x, upper_left, upper_right);
    L::load_pairs(below, row.offset.data() + x, lower_left, lower_right);
    const auto fx = L::load(row.fx.data() + x), fy = L::load(row.fy.data() + x);
    const auto value = L::load(grad + x);
    const auto left = lower_left - upper_left, right = lower_right - upper_right;
    const auto upper = upper_right - upper_left, lower = lower_right - lower_left;
    L::store(gx + x, L::load(gx + x) + value * (upper * (T(1) - fy) + lower * fy));
    L::store(gy + x, L::load(gy + x) + value * (left * (T(1) - fx) + right * fx));
  });
}

template <typename S>
inline void backward_border_columns(const S* plane, const BilinearRow<ComputeType<S>>& row,
                                    const SampleGeometry& g, const ComputeType<S>* grad,
                                    ComputeType<S>* grad_plane, ComputeType<S>* gx,
                                    ComputeType<S>* gy) {
  using T = ComputeType<S>;
  for_border_columns(row, [&](int64_t x) {
    const double at_x = padded(row.x, x, g.input_width, g).at;
    const double at_y = padded(row.y, x, g.input_height, g).at;
    for (int k = 0; k < 4; ++k) {
      const Corner<T> corner = bilinear_corner<T>(k, at_x, at_y, g);
      if (corner.offset < 0) continue;
      if (grad_plane) grad_plane[corner.offset] += corner.weight * grad[x];
      if (plane) {
        const T product = grad[x] * widen(plane[corner.offset]);
        gx[x] += corner.weight_dx * product;
        gy[x] += corner.weight_dy * product;
      }
    }
  });
}

template <typename T>
inline void add_moments(const BilinearRow<T>& row, const SampleGeometry& g, int64_t y, const T* gx,
                        const T* gy, PositionMoments& moments) {
  RowSums<T> sums{T(center(g.width))};
  for_columns<T>(row.inner, [&](auto lanes, int64_t x) {
    using L = decltype(lanes);
    sums.add(lanes, x, L::load(gx + x) * L::load(row.slope_x.data() + x),
             L::load(gy + x) * L::load(row.slope_y.data() + x));
  });
  for_border_columns(row, [&](int64_t x) {
    sums.add(OneColumn<T>{}, x, gx[x] * T(padded(row.x, x, g.input_width, g).slope),
             gy[x] * T(padded(row.y, x, g.input_height, g).slope));
  });
  sums.add_row_to(moments, double(y) - center(g.height));
}

template <typename S>
void backward_general(const BackwardItem<S>& item) {
  using T = ComputeType<S>;
  const SampleBatch<S>& batch = item.batch;
  const SampleGeometry& g = batch.geometry;
  const Affine& map = batch.maps[item.n];
  const int64_t ahead = prefetch_distance(map, g);
  BilinearRow<T> row(g.width);
  std::vector<T> wide(g.width), gx(g.width), gy(g.width), upper(2 * g.width), lower(2 * g.width);
  for (int64_t y = 0; y < g.height; ++y) {
    row.set(line_x(map, g, y), line_y(map, g, y), g);
    std::fill(gx.begin(), gx.end(), T(0));
    std::fill(gy.begin(), gy.end(), T(0));
    for (int64_t c = item.c_begin; c < item.c_end; ++c) {
      const T* grad = widen_row(item.grad_row(c, y), g.width, wide.data());
      T* grad_plane = item.grad_planes ? item.grad_plane(c) : nullptr;
      const S* plane = item.moments ? batch.plane(item.n, c) : nullptr;
      if (plane) position_gradient(plane, row, g, ahead, grad, gx.data(), gy.data());
      if (grad_plane) scatter_row(row, g, grad, upper.data(), lower.data(), grad_plane);
      backward_border_columns(plane, row, g, grad, grad_plane, gx.data(), gy.data());
    }
    if (item.moments) add_moments(row, g, y, gx.data(), gy.data(), *item.moments);
  }
}

// The transpose of RowCache. Output rows add to the sums of two input rows, which have output
// columns. The sums of a row are spread over its pixels once, when no more output row needs it.
template <typename T>
class RowAccumulator {
 public:
  explicit RowAccumulator(const SampleGeometry& geometry)
      : geometry_(geometry), sums_(2 * geometry.width), pairs_(2 * geometry.width) {}

  void start(T* plane) { plane_ = plane; }

  void add(int64_t row, T weight, const T* __restrict grad, const BilinearRow<T>& columns) {
    if (row < 0 || row >= geometry_.input_height) return;
    const int slot = int(row & 1);
    T* __restrict sums = sums_.data() + slot * geometry_.width;
    if (rows_[slot] == row) {
      for (int64_t x = 0; x < geometry_.width; ++x) sums[x] += weight * grad[x];
    } else {
      flush(slot, columns);
      rows_[slot] = row;
      for (int64_t x = 0; x < geometry_.width; ++x) sums[x] = weight * grad[x];
    }
  }

  void finish(const BilinearRow<T>& columns) {
    flush(0, columns);
    flush(1, columns);
    rows_[0] = rows_[1] = -1;
  }

 private:
  void flush(int slot, const BilinearRow<T>& columns) {
    if (rows_[slot] < 0) return;
    const T* sums = sums_.data() + slot * geometry_.width;
    T* pixels = plane_ + rows_[slot] * geometry_.input_width;
    for_columns<T>(columns.inner, [&](auto lanes, int64_t x) {
      using L = decltype(lanes);
      const auto fx = L::load(columns.fx.data() + x), sum = L::load(sums + x);
      L::store_pairs(pairs_.data() + 2 * x, sum * (T(1) - fx), sum * fx);
    });
    scatter_pairs(columns.offset.data(), pairs_.data(), columns.inner, pixels);
    for_border_columns(columns, [&](int64_t x) {
      const double at = padded(columns.x, x, geometry_.input_width, geometry_).at;
      for (int k = 0; k < 2; ++k) {
        const Corner<T> corner = bilinear_corner<T>(k, at, 0.0, geometry_);
        if (corner.offset >= 0) pixels[corner.offset] += corner.weight * sums[x];
      }
    });
  }

  SampleGeometry geometry_;
  std::vector<T> sums_, pairs_;
  T* plane_ = nullptr;
  int64_t rows_[2] = {-1, -1};
};

template <typename S>
inline void backward_upright(const BackwardItem<S>& item) {
  using T = ComputeType<S>;
  const SampleBatch<S>& batch = item.batch;
  const SampleGeometry& g = batch.geometry;
  const Affine& map = batch.maps[item.n];
  BilinearRow<T> columns(g.width);
  columns.set(line_x(map, g, 0), kRowZero, one_row(g));
  RowCache<S> cache(g, /*with_slopes=*/true);
  RowAccumulator<T> accumulator(g);
  std::vector<T> wide(g.width);
  for (int64_t c = item.c_begin; c < item.c_end; ++c) {
    if (item.moments) cache.start(batch.plane(item.n, c));
    if (item.grad_planes) accumulator.start(item.grad_plane(c));
    for (int64_t y = 0; y < g.height; ++y) {
      const RowPair<T> pair = row_pair<T>(map, g, y);
      if (takes_nothing(pair, g)) continue;
      const T* __restrict grad = widen_row(item.grad_row(c, y), g.width, wide.data());
      if (item.grad_planes) {
        accumulator.add(pair.upper, pair.upper_weight, grad, columns);
        accumulator.add(pair.upper + 1, pair.lower_weight, grad, columns);
      }
      if (item.moments) {
        const InterpolatedRow<T> upper = cache.get(pair.upper, columns);
        const InterpolatedRow<T> lower = cache.get(pair.upper + 1, columns);
        RowSums<T> sums{T(center(g.width))};
        for_columns<T>(columns.reach, [&](auto lanes, int64_t x) {
          using L = decltype(lanes);
          const auto value = L::load(grad + x);
          const auto dx = L::load(upper.slope + x) * pair.upper_weight +
                          L::load(lower.slope + x) * pair.lower_weight;
          const auto dy = (L::load(lower.value + x) - L::load(upper.value + x)) * pair.slope;
          sums.add(lanes, x, value * dx, value * dy);
        });
        sums.add_row_to(*item.moments, double(y) - center(g.height));
      }
    }
    if (item.grad_planes) accumulator.finish(columns);
  }
}

}  // namespace

template <typename S>
void affine_sample_backward(const SampleBatch<S>& batch, const S* grad, int64_t block,
                            int64_t begin, int64_t end, S* grad_input, PositionMoments* moments) {
  using T = ComputeType<S>;
  const SampleGeometry& g = batch.geometry;
  const int64_t plane = g.input_height * g.input_width;
  const int64_t blocks = (batch.C + block - 1) / block;
  std::vector<T> wide(grad_input && !std::is_same_v<S, T> ? block * plane : 0);
  for (int64_t i = begin; i < end; ++i) {
    const int64_t n = i / blocks, c_begin = (i % blocks) * block;
    const int64_t c_end = std::min(batch.C, c_begin + block);
    S* out = grad_input ? grad_input + (n * batch.C + c_begin) * plane : nullptr;
    T* grad_planes = nullptr;
    if constexpr (std::is_same_v<S, T>) {
      grad_planes = out;
    } else if (out) {
      grad_planes = wide.data();
    }
    if (grad_planes) std::fill(grad_planes, grad_planes + (c_end - c_begin) * plane, T(0));
    if (moments) moments[i] = {};
    const S* image_grad = grad + n * batch.C * g.height * g.width;
    const BackwardItem<S> item{
        batch, n, c_begin, c_end, image_grad, grad_planes, moments ? moments + i : nullptr};
    if (g.interpolation == Interpolation::kNearest) {
      if (grad_planes) backward_nearest(item);  // positions have no gradient
    } else if (is_upright(batch.maps[n])) {
      backward_upright(item);
    } else {
      backward_general(item);
    }
    if constexpr (!std::is_same_v<S, T>) {
      if (out) narrow_row(wide.data(), (c_end - c_begin) * plane, out);
    }
  }
}

template void affine_sample_backward(const SampleBatch<float>&, const float*, int64_t, int64_t,
                                     int64_t, float*, PositionMoments*);
template void affine_sample_backward(const SampleBatch<double>&, const double*, int64_t, int64_t,
                                     int64_t, double*, PositionMoments*);
template void affine_sample_backward(const SampleBatch<Half>&, const Half*, int64_t, int64_t,
                                     int64_t, Half*, PositionMoments*);
template void affine_sample_backward(const SampleBatch<BFloat16>&, const BFloat16*, int64_t,
                                     int64_t, int64_t, BFloat16*, PositionMoments*);

}  // namespace rmpe::cpu
