// Bytes and operations: a crop of 256x192 writes 590 KB of floats and reads about 3 bytes for each
// source pixel under it, so writing is the floor. An upright crop (the common case) is separable:
// every source row is interpolated once along x into three planes, and each output row blends two
// such rows with contiguous vector arithmetic. Where people are enlarged, a source row serves
// several output rows.
#include "cpu/crop.h"

#include <algorithm>
#include <vector>

#include "cpu/convert.h"
#include "cpu/simd.h"

namespace rmpe::cpu {
namespace {

// The two taps of every column of an upright crop.
struct ColumnTaps {
  std::vector<int64_t> left, right;         // byte offsets into a source row
  std::vector<float> left_weight, right_weight;  // 0 outside the image
  std::vector<float> fill;                  // the fill value times the weight that is missing
  int64_t vectorized_before_last_pixel = 0;  // columns before the first tap on the last pixel

  explicit ColumnTaps(int64_t width)
      : left(width), right(width), left_weight(width), right_weight(width), fill(width) {}

  void set(const Image& image, const Affine& inverse, float fill_value) {
    const int64_t start = to_fixed(inverse.x0), step = to_fixed(inverse.xx);
    const int64_t width = int64_t(left.size());
    const int64_t last_pixel = (image.width - 1) * image.pixel_stride;
    vectorized_before_last_pixel = width;
    for (int64_t x = 0; x < width; ++x) {
      const int64_t position = start + x * step;
      const int64_t column = fixed_floor(position);
      const float fraction = fixed_fraction(position);
      const bool left_inside = column >= 0 && column < image.width;
      const bool right_inside = column + 1 >= 0 && column + 1 < image.width;
      left_weight[x] = left_inside ? 1.0f - fraction : 0.0f;
      right_weight[x] = right_inside ? fraction : 0.0f;
      fill[x] = fill_value * ((left_inside ? 0.0f : 1.0f - fraction) +
                              (right_inside ? 0.0f : fraction));
      left[x] = (left_inside ? column : 0) * image.pixel_stride;
      right[x] = (right_inside ? column + 1 : 0) * image.pixel_stride;
      if (std::max(left[x], right[x]) == last_pixel) {
        vectorized_before_last_pixel = std::min(vectorized_before_last_pixel, x);
      }
    }
  }
};

// Columns [0, vectorized) may read four bytes at each tap.
RMPE_MULTIVERSION
void interpolate_row(const uint8_t* row, const ColumnTaps& taps, int64_t vectorized, int64_t width,
                     // outputs
                     float* __restrict planes) {  // [3, width]
  const int64_t* __restrict left = taps.left.data();
  const int64_t* __restrict right = taps.right.data();
  const float* __restrict left_weight = taps.left_weight.data();
  const float* __restrict right_weight = taps.right_weight.data();
  const float* __restrict fill = taps.fill.data();
  int64_t x = 0;
  for (; x + 4 <= vectorized; x += 4) {
    Float4 pixels[4], channels[3];
    for (int i = 0; i < 4; ++i) {
      pixels[i] = broadcast(left_weight[x + i]) * load_pixel(row + left[x + i]) +
                  broadcast(right_weight[x + i]) * load_pixel(row + right[x + i]) +
                  broadcast(fill[x + i]);
    }
    transpose(pixels, channels);
    for (int c = 0; c < 3; ++c) store(planes + c * width + x, channels[c]);
  }
  for (; x < width; ++x) {
    for (int c = 0; c < 3; ++c) {
      planes[c * width + x] = left_weight[x] * float(row[left[x] + c]) +
                              right_weight[x] * float(row[right[x] + c]) + fill[x];
    }
  }
}

RMPE_MULTIVERSION
void blend_rows(const float* __restrict above, const float* __restrict below, float above_gain,
                float below_gain, float bias, int64_t width,
                // outputs
                float* __restrict out) {  // [width]
  for (int64_t x = 0; x < width; ++x) out[x] = above_gain * above[x] + below_gain * below[x] + bias;
}

// Two interpolated source rows, kept while output rows move down through them.
class RowCache {
 public:
  explicit RowCache(int64_t width) : width_(width), planes_(2 * 3 * width) {}

  void start(const Image& image, float fill) {
    image_ = &image;
    fill_ = fill;
    rows_[0] = rows_[1] = kNone;
  }

  // Planes [3, width] of source row `row`; rows of one parity share a slot, so asking for `row`
  // and then `row + 1` leaves both valid.
  const float* get(int64_t row, const ColumnTaps& taps) {
    const bool inside = row >= 0 && row < image_->height;
    const int slot = int(row & 1);
    float* planes = planes_.data() + slot * 3 * width_;
    if (rows_[slot] != row) {
      rows_[slot] = row;
      if (inside) {
        // The last pixel of a row has a byte behind it that may be read only where another row
        // follows in memory; in an expanded view, rows repeat instead.
        const bool followed = row + 1 < image_->height &&
                              image_->row_stride > (image_->width - 1) * image_->pixel_stride;
        const int64_t vectorized = followed ? width_ : taps.vectorized_before_last_pixel;
        interpolate_row(image_->data + row * image_->row_stride, taps, vectorized, width_, planes);
      } else {
        std::fill(planes, planes + 3 * width_, fill_);
      }
    }
    return planes;
  }

 private:
  static constexpr int64_t kNone = INT64_MIN;
  int64_t width_;
  std::vector<float> planes_;
  int64_t rows_[2] = {kNone, kNone};
  const Image* image_ = nullptr;
  float fill_ = 0;
};

// Source channel of crop channel c.
int source_channel(const Normalization& normalization, int c) {
  return normalization.swap_rb ? 2 - c : c;
}

template <typename Stored>
void crop_upright(const Image& image, const Affine& inverse, const Normalization& normalization,
                  int64_t height, int64_t width, int64_t row_begin, int64_t row_end,
                  ColumnTaps& taps, RowCache& cache, Writer<Stored>& writer,
                  // outputs
                  Stored* crop) {  // [3, height, width]
  taps.set(image, inverse, normalization.fill);
  cache.start(image, normalization.fill);
  const int64_t start = to_fixed(inverse.y0), step = to_fixed(inverse.yy);
  for (int64_t y = row_begin; y < row_end; ++y) {
    const int64_t position = start + y * step;
    const int64_t row = fixed_floor(position);
    const float fraction = fixed_fraction(position);
    const float* above = cache.get(row, taps);
    const float* below = cache.get(row + 1, taps);
    for (int c = 0; c < 3; ++c) {
      const int64_t plane = source_channel(normalization, c) * width;
      const float gain = normalization.gain[c];
      Stored* out = crop + (c * height + y) * width;
      blend_rows(above + plane, below + plane, gain * (1.0f - fraction), gain * fraction,
                 normalization.bias[c], width, writer.begin(out));
      writer.end(out);
    }
  }
}

// The columns [first, last) of a row whose four taps all lie inside, for one axis: positions
// start + x * step with floor in [0, size - 2]. Exact, because the positions are integers. An empty
// range lies within [first, last] as given.
void clip_columns(int64_t start, int64_t step, int64_t size,
                  // outputs
                  int64_t& first, int64_t& last) {
  const int64_t low = 0, high = (size - 1) * int64_t(kFixedOne) - 1;
  if (step == 0) {
    if (start < low || start > high) last = first;
    return;
  }
  const auto floor_div = [](int64_t a, int64_t b) {
    const int64_t q = a / b;
    return q - (a % b != 0 && (a % b < 0) != (b < 0));
  };
  const int64_t to_low = step > 0 ? -floor_div(start - low, step) : -floor_div(start - high, step);
  const int64_t to_high = (step > 0 ? floor_div(high - start, step) : floor_div(low - start, step));
  first = std::min(last, std::max(first, to_low));
  last = std::max(first, std::min(last, to_high + 1));
}

// The sample at fixed-point (x, y), whose four taps lie inside and are not the image's last pixel.
inline Float4 sample_inside(const Image& image, int64_t x, int64_t y) {
  const uint8_t* above =
      image.data + fixed_floor(y) * image.row_stride + fixed_floor(x) * image.pixel_stride;
  const uint8_t* below = above + image.row_stride;
  const float fx = fixed_fraction(x), fy = fixed_fraction(y);
  const Float4 left = broadcast((1 - fx) * (1 - fy)), right = broadcast(fx * (1 - fy));
  const Float4 left_below = broadcast((1 - fx) * fy), right_below = broadcast(fx * fy);
  return left * load_pixel(above) + right * load_pixel(above + image.pixel_stride) +
         left_below * load_pixel(below) + right_below * load_pixel(below + image.pixel_stride);
}

// One row of the three channels, which begins at the image position (start_x, start_y).
RMPE_MULTIVERSION
void sample_row(const Image& image, int64_t start_x, int64_t start_y, int64_t step_x,
                int64_t step_y, const Normalization& normalization, int64_t width,
                // outputs
                float* const (&row)[3]) {  // 3 times [width]
  int64_t first = 0, last = width;
  // One column less than there is, so that four bytes may be read at every tap.
  clip_columns(start_x, step_x, image.width - 1, first, last);
  clip_columns(start_y, step_y, image.height, first, last);

  const auto write_checked = [&](int64_t begin, int64_t end) {
    for (int64_t x = begin; x < end; ++x) {
      float rgb[3];
      sample_bilinear(image, start_x + x * step_x, start_y + x * step_y, normalization.fill, rgb);
      for (int c = 0; c < 3; ++c) {
        row[c][x] = normalization.gain[c] * rgb[source_channel(normalization, c)] +
                    normalization.bias[c];
      }
    }
  };
  write_checked(0, first);
  int64_t x = first;
  for (; x + 4 <= last; x += 4) {
    Float4 pixels[4], planes[3];
    for (int i = 0; i < 4; ++i) {
      pixels[i] = sample_inside(image, start_x + (x + i) * step_x, start_y + (x + i) * step_y);
    }
    transpose(pixels, planes);
    for (int c = 0; c < 3; ++c) {
      store(row[c] + x, broadcast(normalization.gain[c]) *
                                planes[source_channel(normalization, c)] +
                            broadcast(normalization.bias[c]));
    }
  }
  write_checked(x, width);
}

template <typename Stored>
void crop_rotated(const Image& image, const Affine& inverse, const Normalization& normalization,
                  int64_t height, int64_t width, int64_t row_begin, int64_t row_end,
                  Writer<Stored> (&writers)[3],
                  // outputs
                  Stored* crop) {  // [3, height, width]
  const int64_t step_x = to_fixed(inverse.xx), step_y = to_fixed(inverse.yx);
  for (int64_t y = row_begin; y < row_end; ++y) {
    Stored* out[3];
    for (int c = 0; c < 3; ++c) out[c] = crop + (c * height + y) * width;
    float* const row[3] = {writers[0].begin(out[0]), writers[1].begin(out[1]),
                           writers[2].begin(out[2])};
    const int64_t start_x = to_fixed(map_x(inverse, 0, double(y)));
    const int64_t start_y = to_fixed(map_y(inverse, 0, double(y)));
    sample_row(image, start_x, start_y, step_x, step_y, normalization, width, row);
    for (int c = 0; c < 3; ++c) writers[c].end(out[c]);
  }
}

template <typename Stored>
void crop_fill(const Normalization& normalization, int64_t height, int64_t width,
               int64_t row_begin, int64_t row_end,
               // outputs
               Stored* crop) {  // [3, height, width]
  for (int c = 0; c < 3; ++c) {
    Stored value;
    narrow(normalization.gain[c] * normalization.fill + normalization.bias[c], value);
    std::fill(crop + (c * height + row_begin) * width, crop + (c * height + row_end) * width,
              value);
  }
}

}  // namespace

template <typename Stored>
void crop(const CropBatch& batch, int64_t begin, int64_t end, Stored* crops) {
  const int64_t height = batch.height, width = batch.width;
  ColumnTaps taps(width);
  RowCache cache(width);
  Writer<Stored> writers[3] = {Writer<Stored>(width), Writer<Stored>(width), Writer<Stored>(width)};
  while (begin < end) {
    const int64_t n = begin / height;
    const int64_t row_begin = begin - n * height;
    const int64_t row_end = std::min(height, row_begin + (end - begin));
    const int64_t only = batch.images.count == 1 ? 0 : n;
    const int64_t index = batch.image_index ? batch.image_index[n] : only;
    const Image image = batch.images[index];
    const Affine& inverse = batch.inverses[n];
    Stored* out = crops + n * 3 * height * width;
    if (image.height == 0 || image.width == 0 || !reaches_any_image(inverse, height, width)) {
      crop_fill(batch.normalization, height, width, row_begin, row_end, out);
    } else if (inverse.xy == 0.0 && inverse.yx == 0.0) {
      crop_upright(image, inverse, batch.normalization, height, width, row_begin, row_end, taps,
                   cache, writers[0], out);
    } else {
      crop_rotated(image, inverse, batch.normalization, height, width, row_begin, row_end, writers,
                   out);
    }
    begin += row_end - row_begin;
  }
}

template void crop(const CropBatch&, int64_t, int64_t, float*);
template void crop(const CropBatch&, int64_t, int64_t, Half*);
template void crop(const CropBatch&, int64_t, int64_t, BFloat16*);

template <typename T>
void crop_matrices(const T* boxes, const double* radians, const CropGeometry& geometry,
                   int64_t begin, int64_t end, T* matrices) {
  for (int64_t n = begin; n < end; ++n) {
    const Affine m = crop_matrix(boxes + 4 * n, radians ? radians[n] : 0.0, geometry);
    const double values[6] = {m.xx, m.xy, m.x0, m.yx, m.yy, m.y0};
    std::copy(values, values + 6, matrices + 6 * n);
  }
}

template void crop_matrices(const float*, const double*, const CropGeometry&, int64_t, int64_t,
                            float*);
template void crop_matrices(const double*, const double*, const CropGeometry&, int64_t, int64_t,
                            double*);

}  // namespace rmpe::cpu
