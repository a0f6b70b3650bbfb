#pragma once

#include <string>
#include <tuple>

#include "cpu/decode.h"
#include "ops/common.h"
#include "ops/geometry.h"

namespace rmpe::ops {

inline Subpixel parse_subpixel(const std::string& name) {
  if (name == "none") return Subpixel::kNone;
  if (name == "quarter") return Subpixel::kQuarter;
  if (name == "dark") return Subpixel::kDark;
  check(name == "dark_udp", "subpixel must be none, quarter, dark or dark_udp, got ", name);
  return Subpixel::kDarkUdp;
}

// numbers: start and end of the margin along an axis, of the one across it and of the log range;
// the blur's sigma; no_peak.
inline Refinement refinement_of(const std::string& subpixel, const std::vector<double>& numbers) {
  check(numbers.size() == 8, "refinement must have 8 values");
  Refinement refinement{parse_subpixel(subpixel),
                        {int64_t(numbers[0]), int64_t(numbers[1])},
                        {int64_t(numbers[2]), int64_t(numbers[3])},
                        {},
                        numbers[4],
                        numbers[5]};
  const int64_t least = refinement.method == Subpixel::kQuarter ? 1 : 0;
  check(refinement.along.start >= least && refinement.along.end >= least &&
            refinement.across.start >= 0 && refinement.across.end >= 0,
        "margins must be at least 0, and along the axis of a quarter step 1");
  if (refinement.method == Subpixel::kDark || refinement.method == Subpixel::kDarkUdp) {
    check(numbers[6] > 0.0, "the blur's sigma must be above 0");
    set_gaussian(numbers[6], refinement.blur);
  }
  return refinement;
}

inline DecodeConvention convention_of(const std::string& subpixel,
                                      const std::vector<double>& refinement, Grid grid,
                                      double stride, double offset, int64_t height, int64_t width) {
  return {refinement_of(subpixel, refinement),
          refinement[7],
          shifts_in_mirror(grid),
          {grid_gain(grid, stride, width), grid_gain(grid, stride, height), offset}};
}

template <typename Stored>
Heatmaps<Stored> heatmaps_of(const Tensor& tensor) {
  return {static_cast<const Stored*>(tensor.const_data_ptr()), tensor.stride(0), tensor.stride(1)};
}

inline std::tuple<Tensor, Tensor> decode(Tensor heatmaps, std::optional<Tensor> matrices,
                                         std::optional<Tensor> theta, std::optional<Tensor> flipped,
                                         std::optional<std::vector<int64_t>> swapped_joint,
                                         std::string subpixel, std::vector<double> refinement,
                                         std::string grid, double stride, double offset,
                                         bool align_corners) {
  check_heatmaps(heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  check_flipped("flipped", flipped, heatmaps, swapped_joint);
  heatmaps = with_dense_maps(heatmaps);
  const Tensor mirrored = flipped.has_value() ? with_dense_maps(*flipped) : heatmaps;
  const DecodeConvention convention =
      convention_of(subpixel, refinement, parse_grid(grid), stride, offset, height, width);
  const std::vector<Affine> to_image = image_maps(matrices, theta, N, stride * double(height),
                                                  stride * double(width), align_corners);

  const ScalarType dtype = widened(heatmaps.scalar_type());
  Tensor keypoints = empty({N, K, 2}, dtype), scores = empty({N, K}, dtype);
  dispatch_stored("heatmaps", heatmaps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = typename Widened<Stored>::type;
    const cpu::DecodeBatch<Stored> batch{
        heatmaps_of<Stored>(heatmaps),
        flipped.has_value() ? heatmaps_of<Stored>(mirrored) : Heatmaps<Stored>{nullptr, 0, 0},
        swapped_joint.has_value() ? swapped_joint->data() : nullptr,
        matrices.has_value() || theta.has_value() ? to_image.data() : nullptr,
        K,
        height,
        width,
        convention};
    T* keypoints_out = static_cast<T*>(keypoints.mutable_data_ptr());
    T* scores_out = static_cast<T*>(scores.mutable_data_ptr());
    parallel_for(0, N * K, maps_per_thread(height * width), [&](int64_t begin, int64_t end) {
      cpu::decode(batch, begin, end, keypoints_out, scores_out);
    });
  });
  return {keypoints, scores};
}

}  // namespace rmpe::ops
