// Cost: a crop of 256x192 reads three bytes for each image pixel under it and writes 590 KB of
// floats; 32 crops write 19 MB, which one core stores in 0.25 ms. An upright crop (the common case)
// is separable: an image row is interpolated along x into three planes once, each value with two
// shuffles, conversions and products and a sum. An output row blends two such rows. If people are
// enlarged, an image row serves several output rows. One Zen 4 core takes 1.5 to 1.8 ms for 32
// crops of a 720p frame: 1.0 ms of arithmetic, and the rest for loading the frame from the
// third-level cache and for stores. rotated_row.cpp has the cost of rotated crops.
#include "cpu/crop.h"

#include <algorithm>

#include "cpu/column_taps.h"
#include "cpu/convert.h"
#include "cpu/rotated_row.h"

namespace rmpe::cpu {
namespace {

RMPE_MULTIVERSION
void blend_rows(const float* __restrict above, const float* __restrict below, float above_gain,
                float below_gain, float bias, int64_t width,
                // outputs
                float* __restrict out) {  // [width]
  for (int64_t x = 0; x < width; ++x) out[x] = above_gain * above[x] + below_gain * below[x] + bias;
}

// The last two interpolated image rows.
class RowCache {
 public:
  explicit RowCache(const ColumnTaps& taps)
      : taps_(taps), size_(3 * taps.plane_stride()), planes_(2 * size_) {}

  // Follows ColumnTaps::set.
  void start(const Image& image, float fill) {
    image_ = &image;
    fill_ = fill;
    rows_[0] = rows_[1] = kNone;
  }

  // Planes [3, plane_stride] of an image row. Rows of one parity share a slot, so that `row` stays
  // valid when `row + 1` is fetched.
  const float* get(int64_t row) {
    const int slot = int(row & 1);
    float* planes = planes_.data() + slot * size_;
    if (rows_[slot] != row) {
      rows_[slot] = row;
      if (row >= 0 && row < image_->height) {
        taps_.interpolate(image_->data + row * image_->row_stride, planes);
      } else {
        std::fill(planes, planes + size_, fill_);
      }
    }
    return planes;
  }

 private:
  static constexpr int64_t kNone = INT64_MIN;
  const ColumnTaps& taps_;
  int64_t size_;
  AlignedVector<float> planes_;
  int64_t rows_[2] = {kNone, kNone};
  const Image* image_ = nullptr;
  float fill_ = 0;
};

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
    const float* above = cache.get(row);
    const float* below = cache.get(row + 1);
    for (int c = 0; c < 3; ++c) {
      const int64_t plane = normalization.source_channel(c) * taps.plane_stride();
      const float gain = normalization.gain[c];
      Stored* out = crop + (c * height + y) * width;
      blend_rows(above + plane, below + plane, gain * (1.0f - fraction), gain * fraction,
                 normalization.bias[c], width, writer.begin(out));
      writer.end(out);
    }
  }
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
    const RowLine line{to_fixed(map_x(inverse, 0, double(y))),
                       to_fixed(map_y(inverse, 0, double(y))), step_x, step_y};
    sample_row(image, line, normalization, width, best_instructions(), row);
    for (int c = 0; c < 3; ++c) writers[c].end(out[c]);
  }
}

template <typename Stored>
void crop_fill(const Normalization& normalization, int64_t height, int64_t width, int64_t row_begin,
               int64_t row_end,
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
  RowCache cache(taps);
  Writer<Stored> writers[3] = {Writer<Stored>(width), Writer<Stored>(width), Writer<Stored>(width)};
  while (begin < end) {
    const int64_t n = begin / height;
    const int64_t row_begin = begin - n * height;
    const int64_t row_end = std::min(height, row_begin + (end - begin));
    const int64_t only = batch.images.count == 1 ? 0 : n;
    const int64_t index = batch.image_index ? batch.image_index[n] : only;
    const Image image = batch.images[index];
    const Affine& inverse = batch.to_image[n];
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

}  // namespace rmpe::cpu
