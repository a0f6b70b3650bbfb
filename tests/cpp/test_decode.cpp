#include "conventions.h"
#include "cpu/decode.h"
#include "oracles/decode.h"
#include "values.h"

namespace {

using oracle::Convention;
using oracle::Map;
using rmpe::Affine;
using rmpe::DecodeConvention;
using rmpe::cpu::DecodeBatch;

// A bump over noise, in multiples of 1/256: what is averaged stays exact, and some values tie.
Map random_map(Random& random, int64_t height, int64_t width) {
  const double x = random.uniform(0, double(width)), y = random.uniform(0, double(height));
  const double spread = random.uniform(1, 3), value = random.uniform(0.1, 1.0);
  Map map;
  for (int64_t row = 0; row < height; ++row) {
    for (int64_t column = 0; column < width; ++column) {
      const double dx = double(column) - x, dy = double(row) - y;
      const double bump = value * std::exp(-(dx * dx + dy * dy) / (2 * spread * spread));
      map.push_back(std::round(256 * (bump + random.uniform(-0.04, 0.04))) / 256);
    }
  }
  return map;
}

Map noise(Random& random, int64_t height, int64_t width) {
  Map map(height * width);
  for (double& value : map) value = double(random.whole(-128, 128)) / 256;
  return map;
}

// Maps [N, K] with room between them; the last ends where its memory ends.
template <typename Stored>
struct Maps {
  int64_t joint_stride, person_stride;
  std::vector<Stored> values;

  Maps(Random& random, const std::vector<Map>& maps, int64_t N, int64_t K) {
    const int64_t size = maps.empty() ? 0 : int64_t(maps[0].size());
    joint_stride = size + random.whole(0, 3);
    person_stride = K * joint_stride + random.whole(0, 3);
    std::vector<double> all;
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t k = 0; k < K; ++k) {
        all.resize(n * person_stride + k * joint_stride);
        all.insert(all.end(), maps[n * K + k].begin(), maps[n * K + k].end());
      }
    }
    values = stored<Stored>(all);
  }

  rmpe::Heatmaps<Stored> view() const { return {values.data(), person_stride, joint_stride}; }
};

template <typename Stored>
struct Decoded {
  std::vector<rmpe::ComputeType<Stored>> keypoints;  // [N, K, 2]
  std::vector<rmpe::ComputeType<Stored>> scores;     // [N, K]
};

// All maps, in ranges of so many.
template <typename Stored>
Decoded<Stored> decode(const DecodeBatch<Stored>& batch, int64_t N, int64_t maps) {
  const int64_t count = N * batch.K;
  Decoded<Stored> decoded;
  decoded.keypoints.resize(2 * count);
  decoded.scores.resize(count);
  in_ranges(count, maps, [&](int64_t begin, int64_t end) {
    rmpe::cpu::decode(batch, begin, end, decoded.keypoints.data(), decoded.scores.data());
  });
  return decoded;
}

template <typename Stored>
DecodeBatch<Stored> batch_of(const DecodeConvention& c, const Maps<Stored>& maps, int64_t K,
                             int64_t height, int64_t width) {
  DecodeBatch<Stored> batch{};
  batch.heatmaps = maps.view();
  batch.K = K;
  batch.height = height;
  batch.width = width;
  batch.convention = c;
  return batch;
}

template <typename Stored>
class Decode : public ::testing::Test {
 protected:
  // A Newton step amplifies the rounding of logarithms; every other coordinate is exact.
  static double tolerance(const DecodeConvention& c) {
    if (!steps_by_newton(c)) return 0.0;
    return std::is_same_v<Stored, double> ? 1e-7 : 1e-5;
  }

  // One map of one person.
  static Decoded<Stored> decode_one(const Map& map, int64_t height, int64_t width,
                                    Convention convention) {
    Random random(0);
    const Maps<Stored> maps(random, {map}, 1, 1);
    return decode(batch_of(decode_convention(convention), maps, 1, height, width), 1, 1);
  }

  static void expect_joint(const Map& map, int64_t height, int64_t width, Convention convention) {
    const DecodeConvention c = decode_convention(convention);
    const Decoded<Stored> got = decode_one(map, height, width, convention);
    const Map rounded = widened(stored<Stored>(map));
    const oracle::Joint want = oracle::decode(rounded, height, width, convention);
    expect_near(widened(got.scores), {want.score}, 0.0);
    expect_near(widened(got.keypoints), {want.x, want.y}, tolerance(c), tolerance(c));
  }
};
TYPED_TEST_SUITE(Decode, StoredTypes);

TYPED_TEST(Decode, EqualsTheOracleInEveryConvention) {
  Random random(0);
  for (const Convention convention : kConventions) {
    for (int64_t height = 1; height < 34; height += 1 + height / 4) {
      for (int64_t width = 1; width < 34; width += 1 + width / 4) {
        this->expect_joint(random_map(random, height, width), height, width, convention);
        this->expect_joint(noise(random, height, width), height, width, convention);
      }
    }
  }
}

TYPED_TEST(Decode, PeaksAtEveryPlaceEqualTheOracle) {
  Random random(0);
  for (const Convention convention : kConventions) {
    for (int64_t place = 0; place < 9 * 8; ++place) {
      Map map = random_map(random, 9, 8);
      map[place] = 1.5;
      this->expect_joint(map, 9, 8, convention);
    }
  }
}

TYPED_TEST(Decode, TheFirstOfEqualMaximaWins) {
  for (const int64_t first : {0, 1, 63, 64, 127, 128, 255, 700}) {
    Map map(27 * 31, 0.25);
    map[first] = map[first + 9] = map.back() = 0.75;
    const Decoded<TypeParam> got = this->decode_one(map, 27, 31, Convention::kArgmax);
    expect_near(widened(got.keypoints), {double(first % 31), double(first / 31)}, 0.0);
  }
}

TYPED_TEST(Decode, WithoutAValueAboveZeroThereIsNoPeak) {
  for (const double value : {0.0, -1.0, -infinity<double>()}) {
    Map map(5 * 4, value - 1.0);
    map[13] = value;
    for (const Convention convention : kConventions) this->expect_joint(map, 5, 4, convention);
  }
}

TYPED_TEST(Decode, AMapWithANanHasNoJoint) {
  Random random(0);
  for (const Convention convention : kConventions) {
    for (const int64_t place : {0, 7, 64, 80}) {
      Map map = random_map(random, 9, 9);
      map[place] = nan<double>();
      this->expect_joint(map, 9, 9, convention);
    }
  }
}

TYPED_TEST(Decode, AnInfinitePeakStaysOnItsPixel) {
  Random random(0);
  for (const Convention convention :
       {Convention::kHrnet, Convention::kDark, Convention::kDarkUdp, Convention::kArgmax}) {
    Map map(11 * 11, 0.5);
    map[5 * 11 + 6] = infinity<double>();
    const Decoded<TypeParam> got = this->decode_one(map, 11, 11, convention);
    expect_near(widened(got.keypoints), {6, 5}, 0.0);
    EXPECT_EQ(got.scores[0], infinity<rmpe::ComputeType<TypeParam>>());
  }
}

TYPED_TEST(Decode, FlipAveragingEqualsTheOracle) {
  Random random(0);
  const int64_t N = 2, K = 4;
  const std::vector<int64_t> swapped{0, 2, 1, 3};
  for (const Convention convention : kConventions) {
    const DecodeConvention c = decode_convention(convention);
    for (const auto& [height, width] : {std::pair{9, 7}, {1, 5}, {4, 1}, {16, 33}}) {
      std::vector<Map> maps, mirrored;
      for (int64_t i = 0; i < N * K; ++i) {
        maps.push_back(random_map(random, height, width));
        mirrored.push_back(random_map(random, height, width));
      }
      const Maps<TypeParam> heatmaps(random, maps, N, K), flipped(random, mirrored, N, K);
      DecodeBatch<TypeParam> batch = batch_of(c, heatmaps, K, height, width);
      batch.flipped = flipped.view();
      batch.swapped_joint = swapped.data();
      const Decoded<TypeParam> got = decode(batch, N, N * K);
      std::vector<double> keypoints, scores;
      for (int64_t n = 0; n < N; ++n) {
        for (int64_t k = 0; k < K; ++k) {
          const Map average =
              oracle::average_flipped(widened(stored<TypeParam>(maps[n * K + k])),
                                      widened(stored<TypeParam>(mirrored[n * K + swapped[k]])),
                                      height, width, c.flip_shift);
          const oracle::Joint joint = oracle::decode(average, height, width, convention);
          keypoints.insert(keypoints.end(), {joint.x, joint.y});
          scores.push_back(joint.score);
        }
      }
      expect_near(widened(got.scores), scores, 0.0);
      expect_near(widened(got.keypoints), keypoints, this->tolerance(c), this->tolerance(c));
    }
  }
}

TYPED_TEST(Decode, KeypointsGoIntoTheImage) {
  Random random(0);
  const int64_t N = 3, K = 2, height = 8, width = 6;
  std::vector<Map> maps;
  for (int64_t i = 0; i < N * K; ++i) maps.push_back(random_map(random, height, width));
  const Maps<TypeParam> heatmaps(random, maps, N, K);
  const std::vector<Affine> to_image{{2, 0.5, -3, 0.25, 4, 7},
                                     {1, 0, nan<double>(), 0, 1, 0},
                                     {-1, 0, 100, 0, 3, infinity<double>()}};
  DecodeBatch<TypeParam> batch =
      batch_of(decode_convention(Convention::kHrnet), heatmaps, K, height, width);
  const Decoded<TypeParam> before = decode(batch, N, N * K);
  batch.to_image = to_image.data();
  batch.convention.grid = {4.0, 5.0, 1.5};
  const Decoded<TypeParam> got = decode(batch, N, N * K);
  expect_same(got.scores, before.scores);
  for (int64_t i = 0; i < N * K; ++i) {
    const double crop_x = 4.0 * double(before.keypoints[2 * i]) + 1.5;
    const double crop_y = 5.0 * double(before.keypoints[2 * i + 1]) + 1.5;
    // The maps of the second and third person are not finite.
    const std::vector<double> want =
        i < K ? std::vector<double>{2 * crop_x + 0.5 * crop_y - 3, 0.25 * crop_x + 4 * crop_y + 7}
              : std::vector<double>{nan<double>(), nan<double>()};
    expect_near({double(got.keypoints[2 * i]), double(got.keypoints[2 * i + 1])}, want, 0.0,
                kSpacing<rmpe::ComputeType<TypeParam>>);
  }
}

TYPED_TEST(Decode, RangesOfMapsGiveWhatOneRangeGives) {
  Random random(0);
  const int64_t N = 3, K = 5;
  const std::vector<int64_t> swapped{0, 2, 1, 4, 3};
  for (const Convention convention : kConventions) {
    std::vector<Map> maps;
    for (int64_t i = 0; i < N * K; ++i) maps.push_back(random_map(random, 13, 12));
    const Maps<TypeParam> heatmaps(random, maps, N, K);
    DecodeBatch<TypeParam> batch = batch_of(decode_convention(convention), heatmaps, K, 13, 12);
    for (const bool flip : {false, true}) {
      if (flip) batch.flipped = heatmaps.view();
      batch.swapped_joint = swapped.data();
      const Decoded<TypeParam> whole = decode(batch, N, N * K);
      for (const int64_t count : {1, 2, 7}) {
        const Decoded<TypeParam> split = decode(batch, N, count);
        expect_same(split.keypoints, whole.keypoints);
        expect_same(split.scores, whole.scores);
      }
    }
  }
}

TYPED_TEST(Decode, NoMapsTouchNothing) {
  DecodeBatch<TypeParam> batch{};
  batch.K = 17;
  batch.height = batch.width = 8;
  rmpe::cpu::decode<TypeParam>(batch, 0, 0, nullptr, nullptr);
}

TEST(Grid, AMirroredMapMovesOnAnAsymmetricGridOnly) {
  EXPECT_TRUE(shifts_in_mirror(rmpe::Grid::kAsymmetric));
  EXPECT_FALSE(shifts_in_mirror(rmpe::Grid::kHalfPixel));
  EXPECT_FALSE(shifts_in_mirror(rmpe::Grid::kAlignCorners));
}

TEST(Grid, AlignedCornersMeet) {
  EXPECT_EQ(grid_gain(rmpe::Grid::kAsymmetric, 4.0, 48), 4.0);
  EXPECT_EQ(grid_gain(rmpe::Grid::kHalfPixel, 4.0, 48), 4.0);
  EXPECT_EQ(grid_gain(rmpe::Grid::kAlignCorners, 4.0, 48) * 47, 191.0);
  EXPECT_EQ(grid_gain(rmpe::Grid::kAlignCorners, 4.0, 1), 4.0);
}

}  // namespace
