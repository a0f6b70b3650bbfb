#include "conventions.h"
#include "cpu/decode.h"
#include "cuda/decode.h"
#include "oracles/decode.h"
#include "schedules.h"
#include "values.h"

namespace {

using namespace rmpe;

// [N, K, height, width], in memory that holds nothing else. `offset` values precede the first map,
// `gap` values follow each person's maps.
template <typename Stored>
struct Maps {
  int64_t N, K, height, width, offset, gap;
  std::unique_ptr<Stored[]> memory;

  Maps(int64_t N, int64_t K, int64_t height, int64_t width, int64_t offset = 0, int64_t gap = 0)
      : N(N),
        K(K),
        height(height),
        width(width),
        offset(offset),
        gap(gap),
        memory(new Stored[offset + N * person_stride() - (N > 0 ? gap : 0)]()) {}

  int64_t size() const { return height * width; }
  int64_t person_stride() const { return K * size() + gap; }
  Heatmaps<Stored> view() const { return {memory.get() + offset, person_stride(), size()}; }

  template <typename ValueAt>  // value_at(y, x)
  void fill(int64_t n, int64_t k, ValueAt&& value_at) {
    Stored* map = memory.get() + offset + n * person_stride() + k * size();
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        narrow(rmpe::ComputeType<Stored>(value_at(y, x)), map[y * width + x]);
      }
    }
  }
  oracle::Map exact(int64_t n, int64_t k) const {
    const Stored* map = view().map(n, k);
    oracle::Map values;
    for (int64_t i = 0; i < size(); ++i) values.push_back(double(widen(map[i])));
    return values;
  }

  // A bump for each joint, over multiples of 1/256, so that averages are exact.
  void fill_with_people(unsigned seed) {
    Random random(seed);
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t k = 0; k < K; ++k) {
        const double cx = random.uniform(0, double(width));
        const double cy = random.uniform(0, double(height));
        const double peak = random.uniform(0.2, 1.0), spread = random.uniform(2.0, 10.0);
        fill(n, k, [&](int64_t y, int64_t x) {
          const double squared = std::pow(double(x) - cx, 2) + std::pow(double(y) - cy, 2);
          const double value = peak * std::exp(-squared / spread) + random.uniform(0.0, 0.05);
          return std::round(value * 256.0) / 256.0;
        });
      }
    }
  }
  // Where nearly everything ties.
  void fill_with_noise(unsigned seed, int levels, double unit) {
    Random random(seed);
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t k = 0; k < K; ++k) {
        fill(n, k, [&](int64_t, int64_t) {
          return double(random.whole(0, levels - 1) - levels / 3) * unit;
        });
      }
    }
  }
};

template <typename T>
struct Result {
  std::vector<T> keypoints, scores;
  explicit Result(int64_t joints) : keypoints(2 * joints, T(-7)), scores(joints, T(-7)) {}
};

// The maps of the mirrored images, or none.
template <typename Stored>
using Flipped = const std::common_type_t<Maps<Stored>>*;

template <typename Stored, typename T = rmpe::ComputeType<Stored>>
Result<T> decode_by_kernel(const Maps<Stored>& maps, const DecodeConvention& convention,
                           Flipped<Stored> flipped = nullptr,
                           const std::vector<int64_t>& swapped = {},
                           const cuda::ImageMaps& to_image = {}) {
  const cuda::DecodeBatch<Stored> batch{
      maps.view(),    flipped ? flipped->view() : Heatmaps<Stored>{nullptr, 0, 0},
      swapped.data(), to_image,
      maps.N,         maps.K,
      maps.height,    maps.width,
      convention};
  Result<T> result(maps.N * maps.K);
  cuda::launch_decode(batch, nullptr, result.keypoints.data(), result.scores.data());
  return result;
}

template <typename Stored, typename T = rmpe::ComputeType<Stored>>
Result<T> decode_by_loops(const Maps<Stored>& maps, const DecodeConvention& convention,
                          Flipped<Stored> flipped = nullptr,
                          const std::vector<int64_t>& swapped = {}) {
  const cpu::DecodeBatch<Stored> batch{
      maps.view(),    flipped ? flipped->view() : Heatmaps<Stored>{nullptr, 0, 0},
      swapped.data(), nullptr,
      maps.N,         maps.K,
      maps.height,    maps.width,
      convention};
  Result<T> result(maps.N * maps.K);
  cpu::decode(batch, 0, maps.N * maps.K, result.keypoints.data(), result.scores.data());
  return result;
}

// Joint 0 and the last one change sides in a mirror.
std::vector<int64_t> swapped_joints(int64_t K) {
  std::vector<int64_t> swapped;
  for (int64_t k = 0; k < K; ++k) swapped.push_back(k);
  if (K > 0) std::swap(swapped.front(), swapped.back());
  return swapped;
}

template <typename Stored>
void expect_oracle(const Maps<Stored>& maps, Flipped<Stored> flipped,
                   oracle::Convention convention) {
  using T = rmpe::ComputeType<Stored>;
  const std::vector<int64_t> swapped = swapped_joints(maps.K);
  const DecodeConvention row = decode_convention(convention);
  const Result<T> got = decode_by_kernel(maps, row, flipped, swapped);
  for (int64_t n = 0; n < maps.N; ++n) {
    for (int64_t k = 0; k < maps.K; ++k) {
      oracle::Map map = maps.exact(n, k);
      if (flipped) {
        map = oracle::average_flipped(map, flipped->exact(n, swapped[k]), maps.height, maps.width,
                                      row.flip_shift);
      }
      const oracle::Joint want = oracle::decode(map, maps.height, maps.width, convention);
      const int64_t item = n * maps.K + k;
      ASSERT_EQ(double(got.scores[item]), want.score);
      ASSERT_NEAR(double(got.keypoints[2 * item]), want.x, 1e-6 * double(maps.width));
      ASSERT_NEAR(double(got.keypoints[2 * item + 1]), want.y, 1e-6 * double(maps.height));
    }
  }
}

struct Shape {
  int64_t height, width;
};

class CudaDecode : public testing::TestWithParam<Shape> {};

template <typename Stored>
void expect_oracle_at(const Shape& shape, int64_t offset) {
  Maps<Stored> maps(2, 2, shape.height, shape.width, offset, 8);
  Maps<Stored> flipped(2, 2, shape.height, shape.width, offset, 0);
  maps.fill_with_people(1);
  flipped.fill_with_people(2);
  for (const oracle::Convention convention : kConventions) {
    expect_oracle<Stored>(maps, nullptr, convention);
    expect_oracle<Stored>(maps, &flipped, convention);
  }
}

TEST_P(CudaDecode, EqualsTheOracle) {
  for_each_schedule([&] {
    expect_oracle_at<float>(GetParam(), 0);
    expect_oracle_at<double>(GetParam(), 0);
    expect_oracle_at<Half>(GetParam(), 0);
    expect_oracle_at<BFloat16>(GetParam(), 0);
  });
}

TEST_P(CudaDecode, ReadsMapsAtAnyAddress) {
  expect_oracle_at<float>(GetParam(), 1);
  expect_oracle_at<double>(GetParam(), 1);
  expect_oracle_at<Half>(GetParam(), 3);
}

// The loops of the CPU do the same arithmetic in the same order. levels, unit: of the values.
template <typename Stored>
void expect_cpu(const Shape& shape, int levels, double unit) {
  Maps<Stored> maps(1, 4, shape.height, shape.width), flipped(1, 4, shape.height, shape.width);
  maps.fill_with_noise(3, levels, unit);
  flipped.fill_with_noise(4, levels, unit);
  const std::vector<int64_t> swapped = swapped_joints(4);
  for (const oracle::Convention convention : kConventions) {
    for (const Flipped<Stored> other : {Flipped<Stored>(nullptr), Flipped<Stored>(&flipped)}) {
      const DecodeConvention row = decode_convention(convention);
      const auto got = decode_by_kernel(maps, row, other, swapped);
      const auto want = decode_by_loops(maps, row, other, swapped);
      expect_same(got.keypoints, want.keypoints);
      expect_same(got.scores, want.scores);
    }
  }
}

TEST_P(CudaDecode, EqualsTheCpuWhereManyValuesTie) {
  for_each_schedule([&] {
    for (const int levels : {1, 2, 7}) {
      expect_cpu<float>(GetParam(), levels, 0.25);
      expect_cpu<Half>(GetParam(), levels, 0.25);
    }
  });
}

// Such maps are rescaled by the maximum of all of them, blurred.
TEST_P(CudaDecode, EqualsTheCpuWhereTheBlurredMapIsLimited) {
  for_each_schedule([&] {
    for (const double unit : {2e-4, 30.0}) {
      expect_cpu<float>(GetParam(), 11, unit);
      expect_cpu<double>(GetParam(), 11, unit);
      expect_cpu<BFloat16>(GetParam(), 11, unit);
    }
  });
}

// Blurs of any width and border, and peaks of the blurred map.
std::vector<DecodeConvention> other_conventions() {
  std::vector<DecodeConvention> rows;
  for (const oracle::Convention base :
       {oracle::Convention::kHrnet, oracle::Convention::kDark, oracle::Convention::kDarkUdp,
        oracle::Convention::kArgmax}) {
    for (const int radius : {0, 1, 5, rmpe::kMaxBlurRadius}) {
      DecodeConvention row = decode_convention(base);
      row.refinement.blur.radius = radius;
      for (int i = 0; i < rmpe::blur_taps(radius); ++i) {
        row.refinement.blur.weights[i] = 1.0 / rmpe::blur_taps(radius);
      }
      row.refinement.blur.border = rmpe::Border(radius % 4);
      row.refinement.rescale = radius != 1;
      row.refinement.blur_first = base == oracle::Convention::kHrnet || radius == 5;
      row.refinement.peak_shift = 0.5;
      row.score_scale = 1.0 / 255.0;
      row.score_offset = 0.5;
      rows.push_back(row);
    }
  }
  for (int border = 0; border < 4; ++border) {
    DecodeConvention row = decode_convention(oracle::Convention::kDarkUdp);
    row.refinement.blur.border = rmpe::Border(border);
    rows.push_back(row);
  }
  return rows;
}

TEST_P(CudaDecode, EqualsTheCpuWithAnyBlur) {
  const Shape shape = GetParam();
  Maps<float> maps(2, 2, shape.height, shape.width), flipped(2, 2, shape.height, shape.width);
  maps.fill_with_people(6);
  flipped.fill_with_people(7);
  const std::vector<int64_t> swapped = swapped_joints(2);
  for_each_schedule([&] {
    for (const DecodeConvention& row : other_conventions()) {
      for (const Flipped<float> other : {Flipped<float>(nullptr), Flipped<float>(&flipped)}) {
        const auto got = decode_by_kernel(maps, row, other, swapped);
        const auto want = decode_by_loops(maps, row, other, swapped);
        expect_same(got.keypoints, want.keypoints);
        expect_same(got.scores, want.scores);
      }
    }
  });
}

// One pixel; rows shorter than a vector; odd; one warp and more.
INSTANTIATE_TEST_SUITE_P(Shapes, CudaDecode,
                         testing::Values(Shape{1, 1}, Shape{5, 3}, Shape{8, 4}, Shape{13, 9},
                                         Shape{1, 64}, Shape{16, 12}, Shape{20, 64},
                                         Shape{31, 59}));

TEST(CudaDecodeMaps, LargerThanWhatABlockReadsAtOnce) {
  expect_oracle_at<float>({130, 140}, 0);
  expect_oracle_at<float>({131, 141}, 0);
  expect_oracle_at<Half>({140, 152}, 0);
}

// Wherever the first of the largest is.
TEST(CudaDecodeMaps, TheFirstOfEqualValuesIsThePeak) {
  const DecodeConvention argmax = decode_convention(oracle::Convention::kArgmax);
  Random random(5);
  for_each_schedule([&] {
    for (int round = 0; round < 60; ++round) {
      Maps<float> maps(1, 1, 24, 64);
      const int64_t first = random.whole(0, 24 * 64 - 1);
      maps.fill(0, 0, [&](int64_t y, int64_t x) {
        const int64_t index = y * 64 + x;
        return index == first || (index > first && random.one_in(3)) ? -2.0 : -3.0;
      });
      const auto got = decode_by_kernel(maps, argmax);
      ASSERT_EQ(got.keypoints, (std::vector<float>{float(first % 64), float(first / 64)}));
      ASSERT_EQ(got.scores[0], -2.0f);
    }
  });
}

TEST(CudaDecodeMaps, ANaNAnywhereGivesNaN) {
  for_each_schedule([] {
    for (const int64_t place : {0, 1, 777, 24 * 64 - 1}) {
      Maps<float> maps(1, 2, 24, 64);
      maps.fill_with_people(6);
      maps.memory[place] = NAN;
      for (const oracle::Convention convention : kConventions) {
        const auto got = decode_by_kernel(maps, decode_convention(convention));
        ASSERT_TRUE(std::isnan(got.keypoints[0]) && std::isnan(got.keypoints[1]));
        ASSERT_TRUE(std::isnan(got.scores[0]));
        ASSERT_FALSE(std::isnan(got.keypoints[2]) || std::isnan(got.scores[1]));
      }
    }
  });
}

TEST(CudaDecodeMaps, InfinitiesAreAsOnTheCpu) {
  for (const double value : {-infinity<double>(), infinity<double>()}) {
    for (const bool everywhere : {false, true}) {
      Maps<float> maps(1, 1, 16, 12);
      maps.fill(0, 0, [&](int64_t y, int64_t x) {
        return everywhere || (y == 7 && x == 5) ? value : 0.25 * double(y == 8 && x == 5);
      });
      for (const oracle::Convention convention : kConventions) {
        const DecodeConvention row = decode_convention(convention);
        const auto got = decode_by_kernel(maps, row);
        const auto want = decode_by_loops(maps, row);
        expect_same(got.keypoints, want.keypoints);
        expect_same(got.scores, want.scores);
      }
    }
  }
}

TEST(CudaDecodeMaps, MoreJointsThanALaunchTakes) {
  constexpr int64_t kJoints = 520;
  Maps<float> maps(2, kJoints, 4, 4), flipped(2, kJoints, 4, 4);
  maps.fill_with_noise(7, 9, 0.125);
  flipped.fill_with_noise(8, 9, 0.125);
  std::vector<int64_t> swapped(kJoints);
  for (int64_t k = 0; k < kJoints; ++k) swapped[k] = kJoints - 1 - k;
  const DecodeConvention row = decode_convention(oracle::Convention::kHrnet);
  const auto got = decode_by_kernel(maps, row, &flipped, swapped);
  const auto want = decode_by_loops(maps, row, &flipped, swapped);
  expect_same(got.keypoints, want.keypoints);
  expect_same(got.scores, want.scores);
}

// Joints of every other person, and one map for all.
TEST(CudaDecodeMaps, AtAnyDistance) {
  Maps<float> maps(4, 3, 8, 12);
  maps.fill_with_people(9);
  const DecodeConvention row = decode_convention(oracle::Convention::kHrnet);
  const auto all = decode_by_kernel(maps, row);
  cuda::DecodeBatch<float> batch{{maps.view().map(1, 2), 2 * maps.person_stride(), -maps.size()},
                                 {nullptr, 0, 0},
                                 nullptr,
                                 {},
                                 2,
                                 3,
                                 8,
                                 12,
                                 row};
  Result<float> got(6);
  cuda::launch_decode(batch, nullptr, got.keypoints.data(), got.scores.data());
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t k = 0; k < 3; ++k) {
      EXPECT_EQ(got.scores[3 * n + k], all.scores[3 * (2 * n + 1) + 2 - k]);
    }
  }
  batch.heatmaps = {maps.view().map(0, 1), 0, 0};
  cuda::launch_decode(batch, nullptr, got.keypoints.data(), got.scores.data());
  EXPECT_EQ(got.scores, std::vector<float>(6, all.scores[1]));
}

// Matrices and thetas of four persons: a turn, a mirror, one without an inverse, one with NaN.
const std::vector<double> kMatrices = {0.9,  0.2, -2.25, -0.3, 1.1, 5.5, -1.5, 0.0,
                                       30.0, 0.0, 2.0,   1.0,  1.0, 2.0, 0.0,  2.0,
                                       4.0,  0.0, 1.0,   NAN,  0.0, 0.0, 1.0,  0.0};
const std::vector<double> kThetas = {0.9,
                                     0.1,
                                     0.25,
                                     -0.2,
                                     0.8,
                                     -0.125,
                                     1.0,
                                     0.0,
                                     0.0,
                                     0.0,
                                     1.0,
                                     0.0,
                                     1.0,
                                     0.0,
                                     0.0,
                                     0.0,
                                     1.0,
                                     0.0,
                                     0.5,
                                     0.0,
                                     0.0,
                                     0.0,
                                     infinity<double>(),
                                     0.0};

// A point through the matrix's inverse, solved by Cramer's rule.
Point through_inverse(const double* m, const Point& point) {
  const double determinant = m[0] * m[4] - m[1] * m[3];
  const double x = point.x - m[2], y = point.y - m[5];
  return {(m[4] * x - m[1] * y) / determinant, (m[0] * y - m[3] * x) / determinant};
}

// A point of the target through theta, by way of normalized coordinates.
Point through_theta(const double* t, const Point& point, double height, double width,
                    bool align_corners) {
  const double sx = (align_corners ? width - 1.0 : width) / 2.0;
  const double sy = (align_corners ? height - 1.0 : height) / 2.0;
  const double cx = (width - 1.0) / 2.0, cy = (height - 1.0) / 2.0;
  const double x = (point.x - cx) / sx, y = (point.y - cy) / sy;
  return {(t[0] * x + t[1] * y + t[2]) * sx + cx, (t[3] * x + t[4] * y + t[5]) * sy + cy};
}

class CudaDecodeToImage : public testing::TestWithParam<std::tuple<bool, bool, bool, bool>> {};

TEST_P(CudaDecodeToImage, EqualsTheOracle) {
  const auto [by_matrices, by_theta, align_corners, in_double] = GetParam();
  Maps<double> maps(4, 2, 16, 12);
  maps.fill_with_people(10);
  const std::vector<float> matrices(kMatrices.begin(), kMatrices.end());
  const std::vector<float> thetas(kThetas.begin(), kThetas.end());
  const auto floats = [&](const std::vector<double>& wide, const std::vector<float>& single) {
    return cuda::Floats{in_double ? static_cast<const void*>(wide.data()) : single.data(),
                        in_double};
  };
  const cuda::ImageMaps to_image{by_matrices ? floats(kMatrices, matrices) : cuda::Floats{},
                                 by_theta ? floats(kThetas, thetas) : cuda::Floats{}, 80.0, 48.0,
                                 align_corners};
  DecodeConvention row = decode_convention(oracle::Convention::kHourglass);
  row.grid = {4.0, 5.0, 0.25};
  for_each_schedule([&] {
    const auto got = decode_by_kernel(maps, row, nullptr, {}, to_image);
    const auto crop = decode_by_kernel(maps, row);
    for (int64_t item = 0; item < 8; ++item) {
      Point want{double(crop.keypoints[2 * item]), double(crop.keypoints[2 * item + 1])};
      if (by_matrices || by_theta) want = {4.0 * want.x + 0.25, 5.0 * want.y + 0.25};
      const int64_t n = item / 2;
      if (by_theta) want = through_theta(&kThetas[6 * n], want, 80.0, 48.0, align_corners);
      if (by_matrices) want = through_inverse(&kMatrices[6 * n], want);
      if ((by_matrices && n >= 2) || (by_theta && n == 3)) want = {NAN, NAN};
      const double tolerance = in_double ? 1e-9 : 1e-3;
      if (std::isnan(want.x)) {
        ASSERT_TRUE(std::isnan(got.keypoints[2 * item]) && std::isnan(got.keypoints[2 * item + 1]));
      } else {
        ASSERT_NEAR(got.keypoints[2 * item], want.x, tolerance);
        ASSERT_NEAR(got.keypoints[2 * item + 1], want.y, tolerance);
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Maps, CudaDecodeToImage,
                         testing::Combine(testing::Bool(), testing::Bool(), testing::Bool(),
                                          testing::Bool()));

TEST(CudaDecodeMaps, NoneAreFine) {
  const DecodeConvention row = decode_convention(oracle::Convention::kDark);
  const std::pair<int64_t, int64_t> counts[] = {{0, 17}, {3, 0}, {0, 0}};
  for (const auto& [N, K] : counts) {
    const cuda::DecodeBatch<float> batch{
        {nullptr, 0, 0}, {nullptr, 0, 0}, nullptr, {}, N, K, 64, 48, row};
    cuda::launch_decode<float>(batch, nullptr, nullptr, nullptr);
  }
}

TEST(CudaDecodeMaps, TooLargeOnesAreRefused) {
  const cuda::DecodeBatch<float> batch{{nullptr, 0, 0},
                                       {nullptr, 0, 0},
                                       nullptr,
                                       {},
                                       1,
                                       1,
                                       1 << 20,
                                       1 << 20,
                                       decode_convention(oracle::Convention::kArgmax)};
  EXPECT_THROW(cuda::launch_decode<float>(batch, nullptr, nullptr, nullptr), std::runtime_error);
}

}  // namespace
