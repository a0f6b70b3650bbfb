#pragma once

#include <cstdint>

#include "../core/affine.h"
#include "../core/decode.h"
#include "../core/half.h"

namespace rmpe::cpu {

// Maps [N, K, height, width]: each map contiguous, persons and joints at any distance.
template <typename Stored>
struct Heatmaps {
  const Stored* data;
  int64_t person_stride, joint_stride;

  const Stored* map(int64_t n, int64_t k) const {
    return data + n * person_stride + k * joint_stride;
  }
};

// Crop pixel = gain * heatmap pixel + offset.
struct HeatmapGrid {
  double gain_x, gain_y, offset;
};

template <typename Stored>
struct DecodeBatch {
  Heatmaps<Stored> heatmaps;
  Heatmaps<Stored> flipped;      // of the mirrored images; data is null for none
  const int64_t* swapped_joint;  // [K], the joint of `flipped` that is joint k; not read for none
  const Affine* to_image;        // [N], crop pixel -> image pixel, or null for heatmap pixels
  int64_t K, height, width;
  Refinement refinement;
  double no_peak;   // the coordinate where no value is above 0
  bool needs_peak;  // whether no_peak is taken there, or the largest value all the same
  bool flip_shift;  // move the mirrored map right by one pixel before averaging
  HeatmapGrid grid;
};

// Decodes the maps [begin, end) of the N * K.
template <typename Stored>
void decode(const DecodeBatch<Stored>& batch, int64_t begin, int64_t end,
            // outputs
            typename Widened<Stored>::type* keypoints,  // [N, K, 2]
            typename Widened<Stored>::type* scores);    // [N, K]

}  // namespace rmpe::cpu
