#include "cpu/column_taps.h"

#include <algorithm>

#include "cpu/avx2.h"
#include "cpu/simd.h"

namespace rmpe::cpu {
namespace {

constexpr int64_t kTogether = 16;  // columns computed together
// Of the arrays, in their order.
constexpr int64_t kBytesPerColumn = 2 * sizeof(int64_t) + 3 * sizeof(float) + sizeof(int64_t) / 2 +
                                    2 * sizeof(int32_t) + 2 * sizeof(float);

}  // namespace

ColumnTaps::ColumnTaps(int64_t width, Instructions best)
    : best_(best),
      width_(width),
      columns_((width + kTogether - 1) / kTogether * kTogether),
      arrays_(columns_ * kBytesPerColumn),
      left_(arrays_.take<int64_t>(columns_)),
      right_(arrays_.take<int64_t>(columns_)),
      left_weight_(arrays_.take<float>(columns_)),
      right_weight_(arrays_.take<float>(columns_)),
      fill_(arrays_.take<float>(columns_)),
      window_(arrays_.take<int64_t>(columns_ / 2)),
      index_(arrays_.take<int32_t>(2 * columns_)),
      pair_weight_(arrays_.take<float>(2 * columns_)) {}

void ColumnTaps::set(const Image& image, const Affine& inverse, float fill) {
  const int64_t start = to_fixed(inverse.x0), step = to_fixed(inverse.xx);
  const int64_t last = image.width - 1;
  filled_ = false;
  for (int64_t x = 0; x < columns_; ++x) {
    // The padding repeats the last column, because a position beyond the crop might overflow.
    const int64_t position = start + std::min(x, width_ - 1) * step;
    const int64_t column = fixed_floor(position);
    const float fraction = fixed_fraction(position);
    const bool left_inside = column >= 0 && column <= last;
    const bool right_inside = column >= -1 && column < last;
    left_weight_[x] = left_inside ? 1.0f - fraction : 0.0f;
    right_weight_[x] = right_inside ? fraction : 0.0f;
    fill_[x] = fill * ((left_inside ? 0.0f : 1.0f - fraction) + (right_inside ? 0.0f : fraction));
    filled_ |= fill_[x] != 0.0f;
    // A tap outside the image has no weight. It is read from the nearest pixel inside.
    left_[x] = std::clamp<int64_t>(column, 0, last) * image.pixel_stride;
    right_[x] = std::clamp<int64_t>(column + 1, 0, last) * image.pixel_stride;
  }
#if RMPE_X86
  const int64_t row_bytes = last * image.pixel_stride + 3;
  if (best_ >= Instructions::kAvx512Vbmi && find_windows(16, 128, row_bytes)) {
    index_taps();
    chosen_ = Instructions::kAvx512Vbmi;
    return;
  }
  if (best_ >= Instructions::kAvx2 && find_windows(2, 16, row_bytes)) {
    pair_taps();
    chosen_ = Instructions::kAvx2;
    return;
  }
#endif
  chosen_ = Instructions::kPortable;
}

void ColumnTaps::interpolate(const uint8_t* row, float* planes) const {
#if RMPE_X86
  if (chosen_ == Instructions::kAvx512Vbmi) return interpolate_avx512(row, planes);
  if (chosen_ == Instructions::kAvx2) return interpolate_avx2(row, planes);
#endif
  interpolate_portable(row, planes);
}

RMPE_MULTIVERSION
void ColumnTaps::interpolate_portable(const uint8_t* row, float* __restrict planes) const {
  const int64_t* __restrict left = left_;
  const int64_t* __restrict right = right_;
  for (int64_t x = 0; x < columns_; x += 4) {
    Float4 pixels[4], channels[3];
    for (int i = 0; i < 4; ++i) {
      pixels[i] = broadcast(left_weight_[x + i]) * load_pixel(row + left[x + i]) +
                  broadcast(right_weight_[x + i]) * load_pixel(row + right[x + i]) +
                  broadcast(fill_[x + i]);
    }
    transpose(pixels, channels);
    for (int c = 0; c < 3; ++c) store(planes + c * columns_ + x, channels[c]);
  }
}

#if RMPE_X86

// Finds the window of `bytes` bytes that has the taps of every `columns` neighboring columns. False
// if there is none. Taps move along the row in one direction.
bool ColumnTaps::find_windows(int64_t columns, int64_t bytes, int64_t row_bytes) {
  if (row_bytes < bytes) return false;
  for (int64_t first = 0; first < columns_; first += columns) {
    const int64_t last = first + columns - 1;
    const int64_t begin = std::min({left_[first], left_[last], row_bytes - bytes});
    if (std::max(right_[first], right_[last]) + 3 > begin + bytes) return false;
    window_[first / columns] = begin;
  }
  return true;
}

// The left taps of 16 columns, then the right ones.
void ColumnTaps::index_taps() {
  for (int64_t x = 0; x < columns_; ++x) {
    const int64_t window = window_[x / 16];
    int32_t* index = index_ + 2 * x - x % 16;
    index[0] = int32_t(left_[x] - window);
    index[16] = int32_t(right_[x] - window);
  }
}

RMPE_AVX512_VBMI
void ColumnTaps::interpolate_avx512(const uint8_t* row, float* __restrict planes) const {
  const __mmask64 low_bytes = 0x1111111111111111;  // the other three of each 32-bit lane become 0
  // GCC 12 warns of the conversion without a mask.
  const __mmask16 all = 0xffff;
  for (int64_t x = 0; x < columns_; x += 16) {
    const uint8_t* window = row + window_[x / 16];
    const __m512i low = _mm512_loadu_si512(window), high = _mm512_loadu_si512(window + 64);
    const __m512 left_weight = _mm512_loadu_ps(&left_weight_[x]);
    const __m512 right_weight = _mm512_loadu_ps(&right_weight_[x]);
    const __m512 fill = _mm512_loadu_ps(&fill_[x]);
    __m512i left_index = _mm512_loadu_si512(&index_[2 * x]);
    __m512i right_index = _mm512_loadu_si512(&index_[2 * x + 16]);
    for (int c = 0; c < 3; ++c) {
      const __m512 left = _mm512_maskz_cvtepi32_ps(
          all, _mm512_maskz_permutex2var_epi8(low_bytes, low, left_index, high));
      const __m512 right = _mm512_maskz_cvtepi32_ps(
          all, _mm512_maskz_permutex2var_epi8(low_bytes, low, right_index, high));
      __m512 value =
          _mm512_add_ps(_mm512_mul_ps(left_weight, left), _mm512_mul_ps(right_weight, right));
      if (filled_) value = _mm512_add_ps(value, fill);
      _mm512_storeu_ps(planes + c * columns_ + x, value);
      left_index = _mm512_add_epi32(left_index, _mm512_set1_epi32(1));
      right_index = _mm512_add_epi32(right_index, _mm512_set1_epi32(1));
    }
  }
}

// In the order of avx2.h.
void ColumnTaps::pair_taps() {
  for (int64_t x = 0; x < columns_; ++x) {
    const int64_t window = window_[x / 2];
    const int64_t place = x / 8 * 16 + x % 4 / 2 * 8 + x % 8 / 4 * 4 + x % 2;
    index_[place] = kLowByteOnly | int32_t(left_[x] - window);
    index_[place + 2] = kLowByteOnly | int32_t(right_[x] - window);
    pair_weight_[place] = left_weight_[x];
    pair_weight_[place + 2] = right_weight_[x];
  }
}

RMPE_AVX2 inline __m256i load_windows(const uint8_t* first, const uint8_t* second) {
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(second));
  return join(low, high);
}

RMPE_AVX2
void ColumnTaps::interpolate_avx2(const uint8_t* row, float* __restrict planes) const {
  for (int64_t x = 0; x < columns_; x += 8) {
    const int64_t* window = &window_[x / 2];
    const __m256i bytes[2] = {load_windows(row + window[0], row + window[2]),
                              load_windows(row + window[1], row + window[3])};
    const __m256 fill = _mm256_loadu_ps(&fill_[x]);
    __m256i index[2];
    __m256 weight[2];
    for (int i = 0; i < 2; ++i) {
      index[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(&index_[2 * x + 8 * i]));
      weight[i] = _mm256_loadu_ps(&pair_weight_[2 * x + 8 * i]);
    }
    for (int c = 0; c < 3; ++c) {
      __m256 tap[2];
      for (int i = 0; i < 2; ++i) {
        tap[i] =
            _mm256_mul_ps(weight[i], _mm256_cvtepi32_ps(_mm256_shuffle_epi8(bytes[i], index[i])));
        index[i] = _mm256_add_epi32(index[i], _mm256_set1_epi32(1));
      }
      __m256 value = _mm256_add_ps(firsts(tap[0], tap[1]), seconds(tap[0], tap[1]));
      if (filled_) value = _mm256_add_ps(value, fill);
      _mm256_storeu_ps(planes + c * columns_ + x, value);
    }
  }
}

#endif

}  // namespace rmpe::cpu
