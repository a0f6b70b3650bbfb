#include "cpu/decode_simcc.h"
#include "oracles/decode_simcc.h"
#include "values.h"

namespace {

using rmpe::Affine;
using rmpe::SimccVectors;
using rmpe::cpu::SimccBatch;

// Multiples of 1/256, so that averages are exact and some values tie.
std::vector<double> random_vector(Random& random, int64_t size) {
  std::vector<double> values(size);
  for (double& value : values) value = double(random.whole(-32, 200)) / 256;
  return values;
}

// Vectors [N, K, size] that end where their memory ends.
template <typename Stored>
struct Vectors {
  std::vector<std::vector<double>> each;  // [N * K]
  std::vector<Stored> values;
  int64_t person_stride, joint_stride;

  Vectors(Random& random, int64_t N, int64_t K, int64_t size) {
    joint_stride = size + random.whole(0, 3);
    person_stride = K * joint_stride + random.whole(0, 3);
    for (int64_t i = 0; i < N * K; ++i) each.push_back(random_vector(random, size));
    lay_out(K);
  }

  void lay_out(int64_t K) {
    std::vector<double> all;
    for (int64_t i = 0; i < int64_t(each.size()); ++i) {
      all.resize(i / K * person_stride + i % K * joint_stride);
      all.insert(all.end(), each[i].begin(), each[i].end());
    }
    values = stored<Stored>(all);
    for (auto& vector : each) vector = widened(stored<Stored>(vector));
  }
};

template <typename Stored>
struct Case {
  int64_t N, K;
  Vectors<Stored> x, y, flipped_x, flipped_y;
  std::vector<int64_t> swapped;

  Case(Random& random, int64_t N, int64_t K, int64_t width, int64_t height)
      : N(N),
        K(K),
        x(random, N, K, width),
        y(random, N, K, height),
        flipped_x(random, N, K, width),
        flipped_y(random, N, K, height) {
    for (int64_t k = 0; k < K; ++k) swapped.push_back(K - 1 - k);
  }

  SimccBatch<Stored> batch(bool flip, double split_ratio) const {
    const auto vectors = [&](const Vectors<Stored>& own, const Vectors<Stored>& flipped) {
      return SimccVectors<Stored>{
          own.values.data(),          flip ? flipped.values.data() : nullptr,
          own.person_stride,          own.joint_stride,
          flipped.person_stride,      flipped.joint_stride,
          int64_t(own.each[0].size())};
    };
    return {
        vectors(x, flipped_x), vectors(y, flipped_y), swapped.data(), nullptr, N, K, split_ratio};
  }

  oracle::Joint want(int64_t n, int64_t k, bool flip, double split_ratio) const {
    std::vector<double> along_x = x.each[n * K + k], along_y = y.each[n * K + k];
    if (flip) {
      const auto& other_x = flipped_x.each[n * K + swapped[k]];
      const auto& other_y = flipped_y.each[n * K + swapped[k]];
      for (size_t i = 0; i < along_x.size(); ++i) {
        along_x[i] = (along_x[i] + other_x[along_x.size() - 1 - i]) / 2;
      }
      for (size_t i = 0; i < along_y.size(); ++i) along_y[i] = (along_y[i] + other_y[i]) / 2;
    }
    return oracle::decode_simcc(along_x, along_y, split_ratio);
  }
};

template <typename Stored>
struct Decoded {
  std::vector<rmpe::ComputeType<Stored>> keypoints, scores;
};

template <typename Stored>
Decoded<Stored> decode(const SimccBatch<Stored>& batch, int64_t N, int64_t joints) {
  Decoded<Stored> decoded;
  decoded.keypoints.resize(2 * N * batch.K);
  decoded.scores.resize(N * batch.K);
  in_ranges(N * batch.K, joints, [&](int64_t begin, int64_t end) {
    rmpe::cpu::decode_simcc(batch, begin, end, decoded.keypoints.data(), decoded.scores.data());
  });
  return decoded;
}

template <typename Stored>
class DecodeSimcc : public ::testing::Test {
 protected:
  static void expect_joints(const Case<Stored>& c, bool flip, double split_ratio) {
    const Decoded<Stored> got = decode(c.batch(flip, split_ratio), c.N, c.N * c.K);
    std::vector<double> keypoints, scores;
    for (int64_t n = 0; n < c.N; ++n) {
      for (int64_t k = 0; k < c.K; ++k) {
        const oracle::Joint joint = c.want(n, k, flip, split_ratio);
        keypoints.insert(keypoints.end(), {joint.x, joint.y});
        scores.push_back(joint.score);
      }
    }
    expect_near(widened(got.scores), scores, 0.0);
    expect_near(widened(got.keypoints), keypoints, 0.0, kSpacing<rmpe::ComputeType<Stored>>);
  }
};
TYPED_TEST_SUITE(DecodeSimcc, StoredTypes);

TYPED_TEST(DecodeSimcc, EqualsTheOracle) {
  Random random(0);
  for (const int64_t width : {1, 2, 7, 64, 129, 384}) {
    for (const int64_t height : {1, 5, 128, 300}) {
      for (const bool flip : {false, true}) {
        const Case<TypeParam> c(random, 2, 3, width, height);
        this->expect_joints(c, flip, 2.0);
        this->expect_joints(c, flip, 3.0);
      }
    }
  }
}

TYPED_TEST(DecodeSimcc, WithoutAScoreAboveZeroBothBinsAreMinusOne) {
  Random random(0);
  Case<TypeParam> c(random, 1, 3, 9, 12);
  c.x.each[0].assign(9, 0.0);
  c.y.each[1].assign(12, -0.5);
  c.x.lay_out(3);
  c.y.lay_out(3);
  this->expect_joints(c, false, 2.0);
  const Decoded<TypeParam> got = decode(c.batch(false, 2.0), 1, 3);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(got.keypoints[i], rmpe::ComputeType<TypeParam>(-0.5));
}

TYPED_TEST(DecodeSimcc, AVectorWithANanGivesNoJoint) {
  Random random(0);
  for (const bool flip : {false, true}) {
    Case<TypeParam> c(random, 1, 4, 9, 12);
    c.x.each[0][3] = c.y.each[1][11] = c.flipped_x.each[1][0] = nan<double>();
    for (auto* vectors : {&c.x, &c.y, &c.flipped_x}) vectors->lay_out(4);
    this->expect_joints(c, flip, 2.0);
  }
}

TYPED_TEST(DecodeSimcc, KeypointsGoIntoTheImage) {
  Random random(0);
  const Case<TypeParam> c(random, 2, 3, 20, 30);
  const std::vector<Affine> to_image{{2, 0.5, -3, 0.25, 4, 7}, {1, 0, 0, nan<double>(), 1, 0}};
  SimccBatch<TypeParam> batch = c.batch(false, 2.0);
  const Decoded<TypeParam> before = decode(batch, 2, 6);
  batch.to_image = to_image.data();
  const Decoded<TypeParam> got = decode(batch, 2, 6);
  expect_same(got.scores, before.scores);
  for (int64_t i = 0; i < 6; ++i) {
    const double x = double(before.keypoints[2 * i]), y = double(before.keypoints[2 * i + 1]);
    const std::vector<double> want =
        i < 3 ? std::vector<double>{2 * x + 0.5 * y - 3, 0.25 * x + 4 * y + 7}
              : std::vector<double>{nan<double>(), nan<double>()};
    expect_near({double(got.keypoints[2 * i]), double(got.keypoints[2 * i + 1])}, want, 0.0,
                kSpacing<rmpe::ComputeType<TypeParam>>);
  }
}

TYPED_TEST(DecodeSimcc, RangesOfJointsGiveWhatOneRangeGives) {
  Random random(0);
  const Case<TypeParam> c(random, 3, 5, 33, 40);
  for (const bool flip : {false, true}) {
    const Decoded<TypeParam> whole = decode(c.batch(flip, 2.0), 3, 15);
    for (const int64_t joints : {1, 2, 7}) {
      const Decoded<TypeParam> split = decode(c.batch(flip, 2.0), 3, joints);
      expect_same(split.keypoints, whole.keypoints);
      expect_same(split.scores, whole.scores);
    }
  }
}

TYPED_TEST(DecodeSimcc, NoJointsTouchNothing) {
  SimccBatch<TypeParam> batch{};
  batch.x.size = batch.y.size = 8;
  batch.K = 17;
  rmpe::cpu::decode_simcc<TypeParam>(batch, 0, 0, nullptr, nullptr);
}

}  // namespace
