#include "cpu/soft_argmax.h"
#include "oracles/soft_argmax.h"
#include "values.h"

namespace {

using rmpe::Partition;

template <typename Stored>
struct Maps {
  using T = rmpe::ComputeType<Stored>;
  int64_t count, height, width;
  double beta;
  std::vector<Stored> values;  // [count, height, width]
  std::vector<T> grad;         // [count, 2]

  Maps(Random& random, int64_t count, int64_t height, int64_t width, double beta)
      : count(count),
        height(height),
        width(width),
        beta(beta),
        values(stored<Stored>(random.values(count * height * width, -1.0, 1.0))),
        grad(stored<T>(random.values(2 * count, -1.0, 1.0))) {}

  std::vector<double> map(int64_t i) const {
    const auto begin = values.begin() + i * height * width;
    return widened(std::vector<Stored>(begin, begin + height * width));
  }
};

template <typename Stored>
struct Means {
  std::vector<rmpe::ComputeType<Stored>> keypoints;  // [count, 2]
  std::vector<Partition<rmpe::ComputeType<Stored>>> partition;
  std::vector<Stored> gradient;  // [count, height, width]
};

// Forward and backward, in ranges of so many maps.
template <typename Stored>
Means<Stored> soft_argmax(const Maps<Stored>& m, int64_t maps) {
  using T = rmpe::ComputeType<Stored>;
  Means<Stored> means;
  means.keypoints.resize(2 * m.count);
  means.partition.resize(m.count);
  means.gradient.resize(m.values.size());
  in_ranges(m.count, maps, [&](int64_t begin, int64_t end) {
    rmpe::cpu::soft_argmax(m.values.data(), m.height, m.width, T(m.beta), begin, end,
                           means.keypoints.data(), means.partition.data());
    rmpe::cpu::soft_argmax_backward(m.grad.data(), m.values.data(), means.keypoints.data(),
                                    means.partition.data(), m.height, m.width, T(m.beta), begin,
                                    end, means.gradient.data());
  });
  return means;
}

template <typename Stored>
class SoftArgmax : public ::testing::Test {
 protected:
  static void expect_means(const Maps<Stored>& m) {
    using T = rmpe::ComputeType<Stored>;
    const Means<Stored> got = soft_argmax(m, m.count);
    std::vector<double> keypoints, gradient;
    for (int64_t i = 0; i < m.count; ++i) {
      const auto mean = oracle::soft_argmax(m.map(i), m.width, m.beta);
      keypoints.insert(keypoints.end(), {mean.x, mean.y});
      const auto by_value = oracle::soft_argmax_backward(
          m.map(i), m.width, m.beta, double(m.grad[2 * i]), double(m.grad[2 * i + 1]));
      gradient.insert(gradient.end(), by_value.begin(), by_value.end());
    }
    const double scale = double(std::max(m.height, m.width)) * kSpacing<T>;
    // beta multiplies the rounding of a value as well.
    expect_near(widened(got.keypoints), keypoints, 16 * scale * (1 + m.beta));
    const double rounding = kSpacing<Stored> > kSpacing<T> ? kSpacing<Stored> : 0.0;
    // A gradient below the smallest value of the stored type has fewer digits.
    const double smallest = std::is_same_v<Stored, rmpe::Half> ? std::ldexp(1.0, -24) : 0.0;
    expect_near(widened(got.gradient), gradient, 16 * scale * m.beta * (1 + m.beta) + smallest,
                rounding);
  }
};
TYPED_TEST_SUITE(SoftArgmax, StoredTypes);

TYPED_TEST(SoftArgmax, EqualsTheOracle) {
  Random random(0);
  for (int64_t height = 1; height < 34; height += 1 + height / 4) {
    for (int64_t width = 1; width < 34; width += 1 + width / 4) {
      for (const double beta : {0.0, 1.0, 25.0}) {
        this->expect_means(Maps<TypeParam>(random, 2, height, width, beta));
      }
    }
  }
}

TYPED_TEST(SoftArgmax, OnePeakTakesAllTheWeight) {
  Random random(0);
  Maps<TypeParam> m(random, 1, 9, 7, 1000.0);
  rmpe::narrow(rmpe::ComputeType<TypeParam>(3), m.values[4 * 7 + 5]);
  EXPECT_EQ(widened(soft_argmax(m, 1).keypoints), (std::vector<double>{5, 4}));
}

TYPED_TEST(SoftArgmax, MinusInfinityHasNoWeight) {
  Random random(0);
  Maps<TypeParam> m(random, 1, 6, 5, 2.0);
  for (const int64_t place : {0, 7, 29}) {
    rmpe::narrow(-infinity<rmpe::ComputeType<TypeParam>>(), m.values[place]);
  }
  this->expect_means(m);
}

TYPED_TEST(SoftArgmax, WithoutAnAnswerTheMeanIsNanAndTheGradientZero) {
  Random random(0);
  const auto inf = infinity<rmpe::ComputeType<TypeParam>>();
  for (const auto bad : {nan<rmpe::ComputeType<TypeParam>>(), inf}) {
    Maps<TypeParam> m(random, 3, 6, 5, 2.0);
    rmpe::narrow(bad, m.values[30 + 17]);
    const Means<TypeParam> got = soft_argmax(m, 3);
    for (int64_t i = 0; i < 6; ++i) EXPECT_EQ(std::isnan(got.keypoints[i]), i / 2 == 1);
    for (int64_t i = 30; i < 60; ++i) EXPECT_EQ(rmpe::widen(got.gradient[i]), 0);
  }
  Maps<TypeParam> m(random, 1, 6, 5, 2.0);
  for (TypeParam& value : m.values) rmpe::narrow(-inf, value);
  const Means<TypeParam> got = soft_argmax(m, 1);
  EXPECT_TRUE(std::isnan(got.keypoints[0]));
  for (const double value : widened(got.gradient)) EXPECT_EQ(value, 0.0);
}

TYPED_TEST(SoftArgmax, RangesOfMapsGiveWhatOneRangeGives) {
  Random random(0);
  const Maps<TypeParam> m(random, 9, 13, 12, 3.0);
  const Means<TypeParam> whole = soft_argmax(m, 9);
  for (const int64_t maps : {1, 2, 5}) {
    const Means<TypeParam> split = soft_argmax(m, maps);
    expect_same(split.keypoints, whole.keypoints);
    expect_same(split.gradient, whole.gradient);
  }
}

TYPED_TEST(SoftArgmax, NoMapsTouchNothing) {
  Random random(0);
  EXPECT_TRUE(soft_argmax(Maps<TypeParam>(random, 0, 5, 5, 1.0), 1).keypoints.empty());
  using T = rmpe::ComputeType<TypeParam>;
  rmpe::cpu::soft_argmax<TypeParam, T>(nullptr, 5, 5, T(1), 0, 0, nullptr, nullptr);
}

}  // namespace
