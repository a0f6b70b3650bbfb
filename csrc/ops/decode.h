#pragma once

#include <algorithm>
#include <string>
#include <tuple>

#include "cpu/decode.h"
#include "ops/geometry.h"

namespace rmpe::ops {

inline Subpixel parse_subpixel(const std::string& name) {
  if (name == "none") return Subpixel::kNone;
  if (name == "quarter") return Subpixel::kQuarter;
  if (name == "dark") return Subpixel::kDark;
  check(name == "dark_udp", "subpixel must be none, quarter, dark or dark_udp, got ", name);
  return Subpixel::kDarkUdp;
}

// The numbers of a convention: Convention.refinement of rmpe_ext/conventions.py. The first half are
// start and end of the margin along an axis, of the one across it and of the log range; the blur's
// sigma; no_peak. The second half may be left out: the blur's border, rescale, blur_first,
// peak_shift, flip_shift (-1: as the grid needs it), score_scale, score_offset, and the weights of
// the blur.
constexpr size_t kFirstHalf = 8, kSecondHalf = 7;

inline Blur blur_of(const std::vector<double>& numbers) {
  Blur blur{};
  if (numbers.size() == kFirstHalf) {
    check(numbers[6] > 0.0, "the blur's sigma must be above 0");
    set_gaussian(numbers[6], blur);
    return blur;
  }
  const size_t first = kFirstHalf + kSecondHalf, taps = numbers.size() - first;
  check(taps % 2 == 1 && taps <= size_t(blur_taps(kMaxBlurRadius)),
        "the blur must have an odd number of weights, at most ", blur_taps(kMaxBlurRadius));
  blur.radius = int(taps / 2);
  std::copy(numbers.begin() + first, numbers.end(), blur.weights);
  check(numbers[8] >= 0.0 && numbers[8] <= 3.0, "the blur's border must be in 0..3");
  blur.border = Border(int(numbers[8]));
  return blur;
}

inline Refinement refinement_of(const std::string& subpixel, const std::vector<double>& numbers) {
  Refinement refinement{};
  refinement.method = parse_subpixel(subpixel);
  refinement.along = {int64_t(numbers[0]), int64_t(numbers[1])};
  refinement.across = {int64_t(numbers[2]), int64_t(numbers[3])};
  refinement.log_min = numbers[4];
  refinement.log_max = numbers[5];
  const int64_t least = refinement.method == Subpixel::kQuarter ? 1 : 0;
  check(refinement.along.start >= least && refinement.along.end >= least &&
            refinement.across.start >= 0 && refinement.across.end >= 0,
        "margins must be at least 0, and along the axis of a quarter step 1");
  if (numbers.size() > kFirstHalf) {
    refinement.rescale = numbers[9] != 0.0;
    refinement.blur_first = numbers[10] != 0.0;
    refinement.peak_shift = numbers[11];
  }
  if (patch_radius(refinement.method) > 0 || refinement.blur_first) {
    refinement.blur = blur_of(numbers);
  }
  return refinement;
}

inline DecodeConvention convention_of(const std::string& subpixel,
                                      const std::vector<double>& numbers, Grid grid, double stride,
                                      double offset, int64_t height, int64_t width) {
  check(numbers.size() == kFirstHalf || numbers.size() > kFirstHalf + kSecondHalf,
        "refinement must have 8 values, or 15 and the weights of a blur");
  DecodeConvention convention{};
  convention.refinement = refinement_of(subpixel, numbers);
  convention.no_peak = numbers[7];
  convention.flip_shift = shifts_in_mirror(grid);
  convention.grid = {grid_gain(grid, stride, width), grid_gain(grid, stride, height), offset};
  if (numbers.size() > kFirstHalf) {
    if (numbers[12] >= 0.0) convention.flip_shift = numbers[12] != 0.0;
    convention.score_scale = numbers[13];
    convention.score_offset = numbers[14];
  }
  return convention;
}

template <typename Stored>
Heatmaps<Stored> as_heatmaps(const Tensor& tensor) {
  return {data<Stored>(tensor), tensor.stride(0), tensor.stride(1)};
}

template <typename Stored, typename T>
void run_decode(const Cpu&, const cpu::DecodeBatch<Stored>& batch, T* keypoints, T* scores) {
  parallel_for(
      batch.N * batch.K, maps_per_thread(batch.height * batch.width), get_num_threads(),
      [&](int64_t begin, int64_t end) { cpu::decode(batch, begin, end, keypoints, scores); });
}

template <typename Device>
std::tuple<Tensor, Tensor> decode(Tensor heatmaps, std::optional<Tensor> matrices,
                                  std::optional<Tensor> theta, std::optional<Tensor> flipped,
                                  std::optional<std::vector<int64_t>> swapped_joint,
                                  std::string subpixel, std::vector<double> refinement,
                                  std::string grid, double stride, double offset,
                                  bool align_corners) {
  const Device device(heatmaps);
  check_heatmaps(heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  check_flipped(device, "flipped", flipped, heatmaps, swapped_joint);
  heatmaps = with_contiguous_maps(heatmaps);
  if (flipped.has_value()) flipped = with_contiguous_maps(*flipped);
  const DecodeConvention convention =
      convention_of(subpixel, refinement, parse_grid(grid), stride, offset, height, width);
  const auto to_image = image_maps(
      device, {matrices, theta, stride * double(height), stride * double(width), align_corners}, N);

  const ScalarType dtype = compute_dtype(heatmaps.scalar_type());
  Tensor keypoints = device.empty({N, K, 2}, dtype), scores = device.empty({N, K}, dtype);
  dispatch_stored("heatmaps", heatmaps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = ComputeType<Stored>;
    const DecodeBatch<Stored, decltype(to_image.data())> batch{
        as_heatmaps<Stored>(heatmaps),
        flipped.has_value() ? as_heatmaps<Stored>(*flipped) : Heatmaps<Stored>{nullptr, 0, 0},
        swapped_joint.has_value() ? swapped_joint->data() : nullptr,
        to_image.data(),
        N,
        K,
        height,
        width,
        convention};
    run_decode(device, batch, mutable_data<T>(keypoints), mutable_data<T>(scores));
  });
  return {keypoints, scores};
}

}  // namespace rmpe::ops
