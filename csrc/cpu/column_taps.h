// The horizontal half of an upright crop: an image row interpolated at every column of the crop.
// The two taps of a column, and their weights, are the same for all rows.
#pragma once

#include <cstdint>

#include "core/crop.h"
#include "cpu/aligned.h"
#include "cpu/instructions.h"

namespace rmpe::cpu {

class ColumnTaps {
 public:
  // For crops of a width, with at most the instructions `best`.
  explicit ColumnTaps(int64_t width, Instructions best = best_instructions());

  // Computes the taps of one crop. The image must have pixels.
  void set(const Image& image, const Affine& inverse, float fill);

  // Writes planes [3, plane_stride()]; the values after the first `width` of a plane are padding.
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
  int64_t columns_;  // the width, padded to a multiple of the columns computed together
  bool filled_;      // whether any of fill_ is not 0

  AlignedArrays arrays_;                // the memory of those below
  int64_t *left_, *right_;              // byte offsets into a row
  float *left_weight_, *right_weight_;  // 0 outside the image
  float* fill_;  // the fill value times the weight of the taps outside the image

  // Neighboring columns have their taps in one window of the row, which is loaded once.
  int64_t* window_;     // byte offset into a row
  int32_t* index_;      // byte of the first channel of a tap in its window
  float* pair_weight_;  // in the order of index_
};

}  // namespace rmpe::cpu
