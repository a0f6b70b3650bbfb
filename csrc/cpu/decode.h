#pragma once

#include <cstdint>

#include "core/affine.h"
#include "core/decode.h"

namespace rmpe::cpu {

// Maps [N, K, height, width]: each map contiguous, persons and joints at any distance.
template <typename T>
struct Heatmaps {
  const T* data;
  int64_t person_stride, joint_stride;

  const T* map(int64_t n, int64_t k) const { return data + n * person_stride + k * joint_stride; }
};

template <typename T>
struct DecodeBatch {
  Heatmaps<T> heatmaps;
  Heatmaps<T> flipped;           // of the mirrored images; data is null for none
  const int64_t* swapped_joint;  // [K], the joint of `flipped` that is joint k; not read for none
  const Affine* inverses;        // [N], crop pixel -> image pixel, or null for heatmap pixels
  int64_t K, height, width;
  Subpixel subpixel;
  bool flip_shift;  // move the mirrored map right by one pixel before averaging
  double stride, offset;  // crop pixel = stride * heatmap pixel + offset
};

// Decodes the maps [begin, end) of the N * K.
template <typename T>
void decode(const DecodeBatch<T>& batch, int64_t begin, int64_t end,
            // outputs
            T* keypoints,  // [N, K, 2]
            T* scores);    // [N, K]

}  // namespace rmpe::cpu
