// The horizontal half of an upright crop: a row of the image, interpolated at every column of the
// crop. All rows take the same two taps for a column, with the same weights.
#pragma once

#include <cstdint>

#include "core/crop.h"
#include "cpu/aligned.h"
#include "cpu/instructions.h"

namespace rmpe::cpu {

class ColumnTaps {
 public:
  // Of crops of a width, with nothing better than `best`.
  explicit ColumnTaps(int64_t width, Instructions best = best_instructions());

  // The columns of one crop of an image that has pixels.
  void set(const Image& image, const Affine& inverse, float fill);

  // planes: [3, plane_stride()], of which the first `width` values of each count.
  void interpolate(const uint8_t* row, float* planes) const;

  int64_t plane_stride() const { return columns_; }

 private:
  void interpolate_portable(const uint8_t* row, float* planes) const;
#if RMPE_X86
  bool find_windows(int64_t columns, int64_t bytes, int64_t row_bytes);
  void pair_taps();
  void index_taps();
  void interpolate_avx2(const uint8_t* row, float* planes) const;
  void interpolate_avx512(const uint8_t* row, float* planes) const;
#endif

  Instructions best_, chosen_;
  int64_t width_;
  int64_t columns_;  // the width and some more: a multiple of what is computed together
  bool filled_;      // whether any of fill_ counts
  AlignedVector<int64_t> left_, right_;              // byte offsets into a row
  AlignedVector<float> left_weight_, right_weight_;  // 0 outside the image
  AlignedVector<float> fill_;  // the fill value times the weight that is missing

  // Neighboring columns take their taps out of one window of the row, which is loaded once.
  AlignedVector<int64_t> window_;     // byte offset into a row
  AlignedVector<int32_t> index_;      // of a tap's first channel in its window
  AlignedVector<float> pair_weight_;  // in the order of index_
};

}  // namespace rmpe::cpu
