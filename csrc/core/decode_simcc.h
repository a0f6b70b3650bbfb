// SimCC decoding: from the two classification vectors of a joint to a keypoint (Li et al., "SimCC",
// ECCV 2022).
#pragma once

#include <cmath>
#include <cstdint>

#include "affine.h"
#include "macros.h"

namespace rmpe {

// Vectors [N, K, size], each contiguous, and those of the mirrored images or null.
template <typename Stored>
struct SimccVectors {
  const Stored* data;
  const Stored* flipped;
  int64_t person_stride, joint_stride, flipped_person_stride, flipped_joint_stride;
  int64_t size;

  RMPE_HD const Stored* vector(int64_t n, int64_t k) const {
    return data + n * person_stride + k * joint_stride;
  }
  RMPE_HD const Stored* flipped_vector(int64_t n, int64_t k) const {
    return flipped + n * flipped_person_stride + k * flipped_joint_stride;
  }
};

enum class SimccScore { kMin, kMean, kMax };

// The vectors of a call. ToImage is how a device holds the map of each person.
template <typename Stored, typename ToImage>
struct SimccBatch {
  SimccVectors<Stored> x, y;     // both with mirrored images, or neither
  const int64_t* swapped_joint;  // [K], joint k of the image is this joint of the mirrored one
  ToImage to_image;              // [N], crop pixel -> image pixel; without: crop pixels
  int64_t N, K;
  double split_ratio;  // bins per crop pixel
  SimccScore score = SimccScore::kMin;
};

// The score of a joint from the maxima of its two vectors; NaN if either is.
template <typename T>
RMPE_HD T simcc_score(SimccScore score, T x_maximum, T y_maximum) {
  if (score == SimccScore::kMean) return T(0.5) * (x_maximum + y_maximum);
  const bool takes_x = score == SimccScore::kMin ? x_maximum < y_maximum : x_maximum > y_maximum;
  return takes_x || !(x_maximum == x_maximum) ? x_maximum : y_maximum;
}

// The keypoint in crop pixels; x_bin and y_bin are the bins of the maxima. Both count as bin -1
// where the score is not above 0.
template <typename T>
RMPE_HD Point simcc_point(T score, int64_t x_bin, int64_t y_bin, double split_ratio) {
  if (!(score == score)) return {NAN, NAN};
  if (!(score > 0)) x_bin = y_bin = -1;
  return {double(x_bin) / split_ratio, double(y_bin) / split_ratio};
}

}  // namespace rmpe
