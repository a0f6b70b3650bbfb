#include "cpu/soft_argmax.h"
#include "cuda/soft_argmax.h"
#include "oracles/soft_argmax.h"
#include "schedules.h"
#include "values.h"

namespace {

using rmpe::Partition;

// Maps that end where their memory ends; `offset` values precede the first one.
template <typename Stored>
struct Maps {
  using T = rmpe::ComputeType<Stored>;
  int64_t count, height, width, offset;
  T beta;
  std::vector<Stored> values;
  std::vector<T> grad;  // [count, 2]

  Maps(Random& random, int64_t count, int64_t height, int64_t width, double beta,
       int64_t offset = 0)
      : count(count),
        height(height),
        width(width),
        offset(offset),
        beta(T(beta)),
        values(stored<Stored>(random.values(offset + count * size(), -1.0, 1.0))),
        grad(stored<T>(random.values(2 * count, -1.0, 1.0))) {}

  int64_t size() const { return height * width; }
  const Stored* data() const { return values.data() + offset; }
  void set(int64_t i, int64_t place, double value) {
    rmpe::narrow(T(value), values[offset + i * size() + place]);
  }
  std::vector<double> map(int64_t i) const {
    const auto begin = values.begin() + offset + i * size();
    return widened(std::vector<Stored>(begin, begin + size()));
  }
};

template <typename Stored>
struct Means {
  using T = rmpe::ComputeType<Stored>;
  std::vector<T> keypoints;             // [count, 2]
  std::vector<Partition<T>> partition;  // [count]

  explicit Means(int64_t count) : keypoints(2 * count), partition(count) {}
};

template <typename Stored>
Means<Stored> soft_argmax(const Maps<Stored>& m) {
  Means<Stored> means(m.count);
  rmpe::cuda::launch_soft_argmax(m.data(), m.count, m.height, m.width, m.beta, nullptr,
                                 means.keypoints.data(), means.partition.data());
  return means;
}

// `offset` values precede the gradient too.
template <typename Stored>
std::vector<Stored> soft_argmax_backward(const Maps<Stored>& m, const Means<Stored>& means,
                                         int64_t offset = 0) {
  std::vector<Stored> gradient(offset + m.count * m.size());
  rmpe::cuda::launch_soft_argmax_backward(m.grad.data(), m.data(), means.keypoints.data(),
                                          means.partition.data(), m.count, m.height, m.width,
                                          m.beta, nullptr, gradient.data() + offset);
  gradient.erase(gradient.begin(), gradient.begin() + offset);
  return gradient;
}

template <typename Stored>
class CudaSoftArgmax : public testing::Test {
 protected:
  using T = rmpe::ComputeType<Stored>;

  static void expect_means(const Maps<Stored>& m) {
    const Means<Stored> got = soft_argmax(m);
    std::vector<double> keypoints, maxima, totals, want_maxima, want_totals;
    for (int64_t i = 0; i < m.count; ++i) {
      const std::vector<double> map = m.map(i);
      const auto mean = oracle::soft_argmax(map, m.width, double(m.beta));
      keypoints.insert(keypoints.end(), {mean.x, mean.y});
      const double maximum = *std::max_element(map.begin(), map.end());
      double total = 0.0;
      for (const double value : map) total += std::exp(double(m.beta) * (value - maximum));
      want_maxima.push_back(maximum);
      want_totals.push_back(total);
      maxima.push_back(double(got.partition[i].maximum));
      totals.push_back(double(got.partition[i].total));
    }
    // beta multiplies the rounding of a value as well.
    const double rounding = 16 * kSpacing<T> * (1 + double(m.beta));
    expect_near(widened(got.keypoints), keypoints, rounding * double(std::max(m.height, m.width)));
    expect_near(maxima, want_maxima, 0.0);
    expect_near(totals, want_totals, 0.0, rounding);
  }

  // Each value of the gradient is computed as on the CPU.
  static void expect_gradient_of_cpu(const Maps<Stored>& m, int64_t offset = 0) {
    const Means<Stored> means = soft_argmax(m);
    std::vector<Stored> want(m.count * m.size());
    rmpe::cpu::soft_argmax_backward(m.grad.data(), m.data(), means.keypoints.data(),
                                    means.partition.data(), m.height, m.width, m.beta, 0, m.count,
                                    want.data());
    expect_same(soft_argmax_backward(m, means, offset), want);
  }
};
TYPED_TEST_SUITE(CudaSoftArgmax, StoredTypes);

// One pixel; rows shorter than a vector, or not a multiple of one; one warp and more; several
// rounds of a whole block.
constexpr std::pair<int64_t, int64_t> kShapes[] = {{1, 1},   {3, 5},   {8, 4},   {16, 3}, {9, 8},
                                                   {13, 12}, {31, 33}, {64, 48}, {97, 88}};

TYPED_TEST(CudaSoftArgmax, MeansEqualTheOracle) {
  Random random(0);
  for_each_schedule([&] {
    for (const auto& [height, width] : kShapes) {
      for (const double beta : {1.0, 25.0}) {
        this->expect_means(Maps<TypeParam>(random, 2, height, width, beta));
      }
    }
  });
}

TYPED_TEST(CudaSoftArgmax, GradientsAreThoseOfTheCpu) {
  Random random(0);
  for_each_schedule([&] {
    for (const auto& [height, width] : kShapes) {
      this->expect_gradient_of_cpu(Maps<TypeParam>(random, 2, height, width, 3.0));
    }
  });
}

TYPED_TEST(CudaSoftArgmax, GradientsEqualTheOracle) {
  Random random(0);
  const Maps<TypeParam> m(random, 3, 9, 8, 3.0);
  const std::vector<double> got = widened(soft_argmax_backward(m, soft_argmax(m)));
  std::vector<double> want;
  for (int64_t i = 0; i < m.count; ++i) {
    const auto by_value = oracle::soft_argmax_backward(
        m.map(i), m.width, double(m.beta), double(m.grad[2 * i]), double(m.grad[2 * i + 1]));
    want.insert(want.end(), by_value.begin(), by_value.end());
  }
  expect_near(got, want, 1e3 * kSpacing<rmpe::ComputeType<TypeParam>>, kSpacing<TypeParam>);
}

TYPED_TEST(CudaSoftArgmax, MapsLieAtAnyAddress) {
  Random random(0);
  for (const int64_t offset : {1, 3}) {
    const Maps<TypeParam> m(random, 2, 12, 16, 5.0, offset);
    this->expect_means(m);
    this->expect_gradient_of_cpu(m);
    this->expect_gradient_of_cpu(Maps<TypeParam>(random, 2, 12, 16, 5.0), offset);
  }
}

TYPED_TEST(CudaSoftArgmax, OnePeakTakesAllTheWeight) {
  Random random(0);
  for_each_schedule([&] {
    for (const int64_t place : {0, 33, 47 * 40 + 12, 64 * 40 - 1}) {
      Maps<TypeParam> m(random, 1, 64, 40, 1000.0);
      m.set(0, place, 3.0);
      EXPECT_EQ(widened(soft_argmax(m).keypoints),
                (std::vector<double>{double(place % 40), double(place / 40)}));
    }
  });
}

TYPED_TEST(CudaSoftArgmax, MinusInfinityHasNoWeight) {
  Random random(0);
  for (const int64_t width : {5, 8}) {
    Maps<TypeParam> m(random, 2, 6, width, 2.0);
    for (const int64_t place : {0, 7, 29}) m.set(1, place, -infinity<double>());
    this->expect_means(m);
    this->expect_gradient_of_cpu(m);
    EXPECT_EQ(rmpe::widen(soft_argmax_backward(m, soft_argmax(m))[6 * width + 7]), 0);
  }
}

TYPED_TEST(CudaSoftArgmax, WithoutAnAnswerTheMeanIsNanAndTheGradientZero) {
  Random random(0);
  const double inf = infinity<double>();
  for_each_schedule([&] {
    for (const double bad : {nan<double>(), inf, -inf}) {
      for (const int64_t width : {7, 8}) {
        Maps<TypeParam> m(random, 3, 16, width, 2.0);
        for (int64_t place = 0; place < m.size(); ++place) {
          if (bad < 0 || place == 77) m.set(1, place, bad);
        }
        const Means<TypeParam> means = soft_argmax(m);
        for (int64_t i = 0; i < 3; ++i) {
          EXPECT_EQ(std::isnan(means.keypoints[2 * i]), i == 1);
          EXPECT_EQ(std::isnan(means.keypoints[2 * i + 1]), i == 1);
          EXPECT_EQ(std::isnan(means.partition[i].total), i == 1);
        }
        const std::vector<TypeParam> gradient = soft_argmax_backward(m, means);
        for (int64_t i = m.size(); i < 2 * m.size(); ++i) {
          ASSERT_EQ(rmpe::widen(gradient[i]), 0);
        }
        this->expect_gradient_of_cpu(m);
      }
    }
  });
}

TYPED_TEST(CudaSoftArgmax, NoMapsAreFine) {
  using T = rmpe::ComputeType<TypeParam>;
  rmpe::cuda::launch_soft_argmax<TypeParam, T>(nullptr, 0, 5, 5, T(1), nullptr, nullptr, nullptr);
  rmpe::cuda::launch_soft_argmax_backward<TypeParam, T>(nullptr, nullptr, nullptr, nullptr, 0, 5, 5,
                                                        T(1), nullptr, nullptr);
}

TEST(CudaSoftArgmaxMaps, TooLargeOnesAreRefused) {
  EXPECT_THROW((rmpe::cuda::launch_soft_argmax<float, float>(nullptr, 1, 1 << 20, 1 << 20, 1.0f,
                                                             nullptr, nullptr, nullptr)),
               std::runtime_error);
}

}  // namespace
