// Cost: as many bytes as an upright crop, but every pixel has its own position and four taps: two
// loads of eight bytes, then four shuffles, conversions, products and sums per channel. Shuffles
// and loads are the bottleneck, not memory: 3 ns per pixel on a Zen 4 core.
#include "cpu/rotated_row.h"

#include <algorithm>
#include <cstdlib>

#include "cpu/avx2.h"
#include "cpu/simd.h"
#include "cpu/span.h"

namespace rmpe::cpu {
namespace {

// The columns of a span with both taps of one axis in [0, size): the floor of the position is in
// [0, size - 2]. Exact, because positions are integers.
Span clip(const Span& span, int64_t start, int64_t step, int64_t size) {
  const int64_t low = 0, high = (size - 1) * int64_t(kFixedOne) - 1;
  if (step == 0) {
    return start < low || start > high ? Span{span.first, span.first} : span;
  }
  const auto floor_div = [](int64_t a, int64_t b) {
    const int64_t q = a / b;
    return q - (a % b != 0 && (a % b < 0) != (b < 0));
  };
  const int64_t to_low = step > 0 ? -floor_div(start - low, step) : -floor_div(start - high, step);
  const int64_t to_high = step > 0 ? floor_div(high - start, step) : floor_div(low - start, step);
  return span.intersect({to_low, to_high + 1});
}

void sample_checked(const Image& image, const RowLine& line, const Normalization& normalization,
                    const Span& span,
                    // outputs
                    float* const (&row)[3]) {
  for (int64_t x = span.first; x < span.last; ++x) {
    float rgb[3];
    sample_bilinear(image, line.start_x + x * line.step_x, line.start_y + x * line.step_y,
                    normalization.fill, rgb);
    for (int c = 0; c < 3; ++c) {
      row[c][x] =
          normalization.gain[c] * rgb[normalization.source_channel(c)] + normalization.bias[c];
    }
  }
}

// The sample at fixed-point (x, y), whose four taps lie inside.
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

// Writes four columns at a time. Returns the end of what was written.
RMPE_MULTIVERSION
int64_t sample_portable(const Image& image, const RowLine& line, const Normalization& normalization,
                        const Span& span,
                        // outputs
                        float* const (&row)[3]) {
  int64_t first = span.first;
  for (; first + 4 <= span.last; first += 4) {
    Float4 pixels[4], planes[3];
    for (int i = 0; i < 4; ++i) {
      const int64_t x = first + i;
      pixels[i] =
          sample_inside(image, line.start_x + x * line.step_x, line.start_y + x * line.step_y);
    }
    transpose(pixels, planes);
    for (int c = 0; c < 3; ++c) {
      store(row[c] + first,
            broadcast(normalization.gain[c]) * planes[normalization.source_channel(c)] +
                broadcast(normalization.bias[c]));
    }
  }
  return first;
}

#if RMPE_X86

// How many pixels of a row can be the left of two taps that are loaded together, as eight bytes.
// None if 32-bit offsets would overflow.
int64_t readable_columns(const Image& image) {
  const int64_t row_bytes = (image.width - 1) * image.pixel_stride + 3;
  const int64_t rows_bytes = (image.height - 1) * std::abs(image.row_stride) + row_bytes;
  if (image.pixel_stride > 5 || row_bytes < 8 || rows_bytes > INT32_MAX) return 0;
  return (row_bytes - 8) / image.pixel_stride + 1;
}

RMPE_AVX2 inline __m128i load_two(const uint8_t* first, const uint8_t* second) {
  const __m128i low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(first));
  const __m128i high = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(second));
  return _mm_unpacklo_epi64(low, high);
}

// The eight bytes at offsets 0, 1, 4 and 5.
RMPE_AVX2 inline __m256i load_taps(const uint8_t* pixels, const int32_t* offset) {
  const __m128i low = load_two(pixels + offset[0], pixels + offset[1]);
  const __m128i high = load_two(pixels + offset[4], pixels + offset[5]);
  return join(low, high);
}

// Fixed-point distances of eight columns from the first: columns 0, 1, 4, 5, and 2, 3, 6, 7.
struct EightSteps {
  __m256i low, high;
};

RMPE_AVX2 inline EightSteps eight_steps(int64_t step) {
  const __m256i low = _mm256_set_epi64x(5 * step, 4 * step, step, 0);
  return {low, _mm256_add_epi64(low, _mm256_set1_epi64x(2 * step))};
}

// The integer parts and fractions of the positions of eight columns.
RMPE_AVX2 inline void split(int64_t begin, const EightSteps& steps,
                            // outputs
                            __m256i& whole, __m256& fraction) {
  const __m256 low = _mm256_castsi256_ps(_mm256_add_epi64(_mm256_set1_epi64x(begin), steps.low));
  const __m256 high = _mm256_castsi256_ps(_mm256_add_epi64(_mm256_set1_epi64x(begin), steps.high));
  whole = _mm256_castps_si256(_mm256_shuffle_ps(low, high, 0xdd));
  const __m256i below_one = _mm256_castps_si256(_mm256_shuffle_ps(low, high, 0x88));
  fraction = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(below_one, 8)),
                           _mm256_set1_ps(1.0f / 16777216.0f));
}

// The span has at least eight columns. The last eight may overlap those before them.
RMPE_AVX2
void sample_avx2(const Image& image, const RowLine& line, const Normalization& normalization,
                 const Span& span,
                 // outputs
                 float* const (&row)[3]) {
  const __m256i pixel_stride = _mm256_set1_epi32(int32_t(image.pixel_stride));
  const __m256i row_stride = _mm256_set1_epi32(int32_t(image.row_stride));
  const EightSteps steps_x = eight_steps(line.step_x), steps_y = eight_steps(line.step_y);
  const __m256 one = _mm256_set1_ps(1.0f);
  // Picks the first channel: in each half of a vector of two left taps, then of their right ones.
  const int32_t right = int32_t(image.pixel_stride);
  const __m256i first_channel =
      _mm256_add_epi32(_mm256_setr_epi32(0, 8, right, right + 8, 0, 8, right, right + 8),
                       _mm256_set1_epi32(kLowByteOnly));
  int64_t x = span.first;
  while (true) {
    __m256i column, image_row;
    __m256 fx, fy;
    split(line.start_x + x * line.step_x, steps_x, column, fx);
    split(line.start_y + x * line.step_y, steps_y, image_row, fy);
    alignas(32) int32_t offset[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(offset),
                       _mm256_add_epi32(_mm256_mullo_epi32(image_row, row_stride),
                                        _mm256_mullo_epi32(column, pixel_stride)));
    const __m256 gx = _mm256_sub_ps(one, fx), gy = _mm256_sub_ps(one, fy);
    const __m256 above[2] = {_mm256_mul_ps(gx, gy), _mm256_mul_ps(fx, gy)};
    const __m256 below[2] = {_mm256_mul_ps(gx, fy), _mm256_mul_ps(fx, fy)};
    // Columns 0, 1, 4, 5 of the upper and of the lower row, then columns 2, 3, 6, 7 of both.
    const uint8_t* lower = image.data + image.row_stride;
    const __m256i taps[4] = {load_taps(image.data, offset), load_taps(lower, offset),
                             load_taps(image.data, offset + 2), load_taps(lower, offset + 2)};
    const __m256 weights[4] = {firsts(above[0], above[1]), firsts(below[0], below[1]),
                               seconds(above[0], above[1]), seconds(below[0], below[1])};
    for (int c = 0; c < 3; ++c) {
      const __m256i channel =
          _mm256_add_epi32(first_channel, _mm256_set1_epi32(normalization.source_channel(c)));
      __m256 parts[4];
      for (int i = 0; i < 4; ++i) {
        parts[i] =
            _mm256_mul_ps(weights[i], _mm256_cvtepi32_ps(_mm256_shuffle_epi8(taps[i], channel)));
      }
      __m256 sum = _mm256_add_ps(firsts(parts[0], parts[2]), seconds(parts[0], parts[2]));
      sum = _mm256_add_ps(sum, firsts(parts[1], parts[3]));
      sum = _mm256_add_ps(sum, seconds(parts[1], parts[3]));
      const __m256 scaled = _mm256_mul_ps(_mm256_set1_ps(normalization.gain[c]), sum);
      _mm256_storeu_ps(row[c] + x, _mm256_add_ps(scaled, _mm256_set1_ps(normalization.bias[c])));
    }
    if (x + 8 >= span.last) return;
    x = std::min(x + 8, span.last - 8);
  }
}

#endif

}  // namespace

void sample_row(const Image& image, const RowLine& line, const Normalization& normalization,
                int64_t width, [[maybe_unused]] Instructions best, float* const (&row)[3]) {
  const auto columns_inside = [&](int64_t image_width) {
    return clip(clip({0, width}, line.start_x, line.step_x, image_width), line.start_y, line.step_y,
                image.height);
  };
  Span done{0, 0};
#if RMPE_X86
  if (best >= Instructions::kAvx2) {
    // A load of the last readable pixel has its right neighbor too.
    done = columns_inside(std::min(readable_columns(image) + 1, image.width));
  }
  if (done.last - done.first >= 8) {
    sample_avx2(image, line, normalization, done, row);
  } else
#endif
  {
    done = columns_inside(image.width);
    done.last = sample_portable(image, line, normalization, done, row);
  }
  sample_checked(image, line, normalization, {0, done.first}, row);
  sample_checked(image, line, normalization, {done.last, width}, row);
}

}  // namespace rmpe::cpu
