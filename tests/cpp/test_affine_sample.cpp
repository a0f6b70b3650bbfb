#include <limits>

#include "cpu/affine_sample.h"
#include "oracles/affine_sample.h"
#include "values.h"

namespace {

using rmpe::Affine;
using rmpe::Interpolation;
using rmpe::Padding;
using rmpe::PositionMoments;
using rmpe::SampleGeometry;

constexpr Padding kPaddings[] = {Padding::kZeros, Padding::kBorder, Padding::kReflection};

// Rounding of a position, in pixels.
constexpr double kPosition = 1e-13;
// A decision this close to another is one of rounding.
constexpr double kMargin = 1e-9;

// N images of C channels and a theta for each. The planes lie apart, and the last ends where its
// memory ends.
template <typename S>
struct Sample {
  SampleGeometry g;
  int64_t N, C;
  std::vector<double> theta;  // [N, 2, 3]
  std::vector<S> input;
  std::vector<S> grad;  // [N, C, height, width]
  std::vector<Affine> maps;
  int64_t channel_stride, batch_stride;

  Sample(Random& random, const SampleGeometry& geometry, int64_t N, int64_t C,
         std::vector<double> thetas)
      : g(geometry), N(N), C(C), theta(std::move(thetas)) {
    channel_stride = g.input_height * g.input_width + random.whole(0, 3);
    batch_stride = C * channel_stride + random.whole(0, 3);
    const int64_t last = (N - 1) * batch_stride + (C - 1) * channel_stride;
    const int64_t size = N * C > 0 ? last + g.input_height * g.input_width : 0;
    input = stored<S>(random.values(size, -1.0, 1.0));
    grad = stored<S>(random.values(N * C * g.height * g.width, -1.0, 1.0));
    for (int64_t n = 0; n < N; ++n) maps.push_back(sampling_map(theta.data() + 6 * n, g));
  }

  rmpe::cpu::SampleBatch<S> batch() const {
    return {input.data(), batch_stride, channel_stride, maps.data(), N, C, g};
  }

  // In ranges of so many rows.
  std::vector<S> forward(int64_t rows) const {
    std::vector<S> output(N * C * g.height * g.width);
    in_ranges(N * g.height, rows, [&](int64_t begin, int64_t end) {
      rmpe::cpu::affine_sample(batch(), begin, end, output.data());
    });
    return output;
  }

  std::vector<double> plane(int64_t n, int64_t c) const {
    const S* begin = input.data() + n * batch_stride + c * channel_stride;
    return widened(std::vector<S>(begin, begin + g.input_height * g.input_width));
  }

  std::vector<double> plane_of(const std::vector<S>& output, int64_t n, int64_t c) const {
    const int64_t size = g.height * g.width;
    const auto begin = output.begin() + (n * C + c) * size;
    return widened(std::vector<S>(begin, begin + size));
  }
};

std::vector<double> random_thetas(Random& random, int64_t N, bool upright) {
  std::vector<double> theta = random.values(6 * N, -1.6, 1.6);
  for (int64_t n = 0; upright && n < N; ++n) theta[6 * n + 1] = theta[6 * n + 3] = 0.0;
  return theta;
}

SampleGeometry random_geometry(Random& random, Interpolation interpolation) {
  return {random.whole(1, 12), random.whole(1, 12), random.whole(1, 21),
          random.whole(1, 21), interpolation,       kPaddings[random.whole(0, 2)],
          random.one_in(2)};
}

template <typename S>
class AffineSample : public ::testing::Test {
 protected:
  // The stored type's rounding, and a few float32 operations on values up to 1.
  static constexpr double kTolerance =
      (kSpacing<S> > kSpacing<rmpe::ComputeType<S>> ? kSpacing<S> : 0.0) +
      16 * kSpacing<rmpe::ComputeType<S>> + kPosition;
};
TYPED_TEST_SUITE(AffineSample, StoredTypes);

TYPED_TEST(AffineSample, BilinearEqualsTheOracle) {
  Random random(0);
  for (int round = 0; round < 400; ++round) {
    const SampleGeometry g = random_geometry(random, Interpolation::kBilinear);
    const int64_t N = random.whole(1, 3), C = random.whole(1, 3);
    const Sample<TypeParam> sample(random, g, N, C, random_thetas(random, N, round % 2));
    const std::vector<TypeParam> output = sample.forward(N * g.height);
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t c = 0; c < C; ++c) {
        const auto want =
            oracle::affine_sample(sample.plane(n, c).data(), sample.theta.data() + 6 * n, g);
        expect_near(sample.plane_of(output, n, c), want.output, this->kTolerance);
      }
    }
  }
}

TYPED_TEST(AffineSample, NearestEqualsTheOracle) {
  Random random(0);
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    const SampleGeometry g = random_geometry(random, Interpolation::kNearest);
    const Sample<TypeParam> sample(random, g, 1, 2, random_thetas(random, 1, round % 2));
    const std::vector<TypeParam> output = sample.forward(g.height);
    for (int64_t c = 0; c < 2; ++c) {
      const auto want = oracle::affine_sample(sample.plane(0, c).data(), sample.theta.data(), g);
      if (want.margin < kMargin) continue;
      expect_near(sample.plane_of(output, 0, c), want.output, 0.0);
      ++compared;
    }
  }
  EXPECT_GT(compared, 700);
}

// Many channels and long rows: every block of channels and of columns, and what is left of them.
TYPED_TEST(AffineSample, ManyChannelsAndLongRowsEqualTheOracle) {
  Random random(0);
  for (const bool upright : {false, true}) {
    for (const int64_t width : {63, 64, 65, 130}) {
      const SampleGeometry g{9, 40, 3, width, Interpolation::kBilinear, Padding::kZeros, false};
      const Sample<TypeParam> sample(random, g, 1, 35, random_thetas(random, 1, upright));
      const std::vector<TypeParam> output = sample.forward(g.height);
      for (int64_t c = 0; c < sample.C; ++c) {
        const auto want = oracle::affine_sample(sample.plane(0, c).data(), sample.theta.data(), g);
        expect_near(sample.plane_of(output, 0, c), want.output, this->kTolerance);
      }
    }
  }
}

TYPED_TEST(AffineSample, TheIdentityAndTheMirrorCopyEveryPixel) {
  Random random(0);
  for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kNearest}) {
    for (const Padding padding : kPaddings) {
      for (const bool align_corners : {false, true}) {
        for (const double sign : {1.0, -1.0}) {
          const SampleGeometry g{5, 13, 5, 13, interpolation, padding, align_corners};
          const Sample<TypeParam> sample(random, g, 1, 1, {sign, 0, 0, 0, sign, 0});
          const std::vector<TypeParam> output = sample.forward(g.height);
          for (int64_t i = 0; i < 65; ++i) {
            ASSERT_EQ(rmpe::widen(output[sign > 0 ? i : 64 - i]), rmpe::widen(sample.input[i]));
          }
        }
      }
    }
  }
}

// Far outside there is nothing, or the border; a place that is not a number is pixel 0, where
// padding gives one at all.
TYPED_TEST(AffineSample, ThetaOfAnySizeSamplesWhatPaddingSays) {
  Random random(0);
  for (const Padding padding : {Padding::kZeros, Padding::kBorder}) {
    for (const double value : {1e30, -1e38, infinity<double>(), nan<double>(), 1e-40}) {
      for (int place = 0; place < 6; ++place) {
        const SampleGeometry g{4, 7, 5, 9, Interpolation::kBilinear, padding, random.one_in(2)};
        std::vector<double> theta = random_thetas(random, 1, random.one_in(2));
        theta[place] = value;
        const Sample<TypeParam> sample(random, g, 1, 1, theta);
        const auto want = oracle::affine_sample(sample.plane(0, 0).data(), theta.data(), g);
        expect_near(sample.plane_of(sample.forward(g.height), 0, 0), want.output, this->kTolerance);
      }
    }
  }
}

// So far out that a double has no fraction, reflection still lands on the image.
TYPED_TEST(AffineSample, ReflectionFromAnywhereLandsInside) {
  Random random(0);
  for (const double value : {1e15, 1e30, -1e300, std::numeric_limits<double>::max()}) {
    for (int place = 0; place < 6; ++place) {
      const SampleGeometry g{
          4, 7, 5, 9, Interpolation::kBilinear, Padding::kReflection, random.one_in(2)};
      std::vector<double> theta = random_thetas(random, 1, random.one_in(2));
      theta[place] = value;
      Sample<TypeParam> sample(random, g, 1, 1, theta);
      for (TypeParam& pixel : sample.input) rmpe::narrow(rmpe::ComputeType<TypeParam>(0.5), pixel);
      expect_near(sample.plane_of(sample.forward(g.height), 0, 0), std::vector<double>(45, 0.5),
                  this->kTolerance);
    }
  }
}

TYPED_TEST(AffineSample, ANanPixelIsSeenOnlyWhereItIsSampled) {
  Random random(0);
  const SampleGeometry g{6, 8, 6, 8, Interpolation::kBilinear, Padding::kZeros, false};
  Sample<TypeParam> sample(random, g, 1, 1, {1, 0, 0, 0, 1, 0});
  rmpe::narrow(nan<rmpe::ComputeType<TypeParam>>(), sample.input[3 * 8 + 4]);
  const std::vector<double> output = sample.plane_of(sample.forward(g.height), 0, 0);
  for (int64_t y = 0; y < 6; ++y) {
    for (int64_t x = 0; x < 8; ++x) {
      // A weight of 0 times NaN is NaN: up to one pixel around.
      const bool near = std::abs(y - 3) <= 1 && std::abs(x - 4) <= 1;
      EXPECT_TRUE(near || std::isfinite(output[y * 8 + x])) << x << ", " << y;
    }
  }
  EXPECT_TRUE(std::isnan(output[3 * 8 + 4]));
}

TYPED_TEST(AffineSample, RangesOfRowsGiveWhatOneRangeGives) {
  Random random(0);
  for (int round = 0; round < 60; ++round) {
    const auto interpolation = round % 3 ? Interpolation::kBilinear : Interpolation::kNearest;
    const SampleGeometry g = random_geometry(random, interpolation);
    const Sample<TypeParam> sample(random, g, 3, 2, random_thetas(random, 3, round % 2));
    const std::vector<TypeParam> whole = sample.forward(3 * g.height);
    for (const int64_t rows : {1, 2, 5}) expect_same(sample.forward(rows), whole);
  }
}

TYPED_TEST(AffineSample, NoImagesAndNoChannelsGiveNothing) {
  Random random(0);
  const SampleGeometry g{4, 4, 4, 4, Interpolation::kBilinear, Padding::kZeros, false};
  const Sample<TypeParam> no_images(random, g, 0, 3, {});
  rmpe::cpu::affine_sample<TypeParam>(no_images.batch(), 0, 0, nullptr);
  rmpe::cpu::affine_sample_backward<TypeParam>(no_images.batch(), nullptr, 2, 0, 0, nullptr,
                                               nullptr);
  const Sample<TypeParam> no_channels(random, g, 2, 0, random_thetas(random, 2, false));
  rmpe::cpu::affine_sample<TypeParam>(no_channels.batch(), 0, 2 * g.height, nullptr);
}

template <typename S>
struct Gradients {
  std::vector<S> input;       // [N, C, input_height, input_width]
  std::vector<double> theta;  // [N, 2, 3]
};

// By blocks of so many channels, in ranges of so many items.
template <typename S>
Gradients<S> backward(const Sample<S>& sample, int64_t block, int64_t items) {
  const SampleGeometry& g = sample.g;
  const int64_t blocks = (sample.C + block - 1) / block;
  Gradients<S> result;
  result.input.resize(sample.N * sample.C * g.input_height * g.input_width);
  std::vector<PositionMoments> moments(sample.N * blocks);
  in_ranges(sample.N * blocks, items, [&](int64_t begin, int64_t end) {
    rmpe::cpu::affine_sample_backward(sample.batch(), sample.grad.data(), block, begin, end,
                                      result.input.data(), moments.data());
  });
  result.theta.resize(6 * sample.N);
  for (int64_t n = 0; n < sample.N; ++n) {
    PositionMoments sum{};
    for (int64_t b = 0; b < blocks; ++b) {
      for (int i = 0; i < 6; ++i) sum.values[i] += moments[n * blocks + b].values[i];
    }
    theta_gradient(sum, g, result.theta.data() + 6 * n);
  }
  return result;
}

TYPED_TEST(AffineSample, GradientsEqualTheOracle) {
  Random random(0);
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    const auto interpolation = round % 5 ? Interpolation::kBilinear : Interpolation::kNearest;
    const SampleGeometry g = random_geometry(random, interpolation);
    const int64_t C = random.whole(1, 5), size = g.height * g.width;
    const Sample<TypeParam> sample(random, g, 1, C, random_thetas(random, 1, round % 2));
    const Gradients<TypeParam> got = backward(sample, random.whole(1, C), C);

    std::vector<double> want_input, want_theta(6);
    double margin = infinity<double>();
    for (int64_t c = 0; c < C; ++c) {
      const auto want =
          oracle::affine_sample_backward(sample.plane(0, c).data(), sample.theta.data(), g,
                                         sample.plane_of(sample.grad, 0, c).data());
      want_input.insert(want_input.end(), want.input.begin(), want.input.end());
      for (int i = 0; i < 6; ++i) want_theta[i] += want.theta[i];
      margin = std::min(margin, want.margin);
    }
    if (margin < kMargin) continue;
    ++compared;
    // A pixel adds up at most as many gradients as there are, each up to 1.
    const double absolute = (4 * kSpacing<rmpe::ComputeType<TypeParam>> + kPosition) * double(size);
    expect_near(widened(got.input), want_input, absolute, this->kTolerance);
    const double unit = double(std::max(g.input_height, g.input_width));
    expect_near(got.theta, want_theta, absolute * double(C) * unit);
  }
  EXPECT_GT(compared, 350);
}

// The forward pass is linear in the input, and this is its transpose.
TYPED_TEST(AffineSample, TheGradientToTheInputIsTheTranspose) {
  Random random(0);
  for (int round = 0; round < 100; ++round) {
    const auto interpolation = round % 5 ? Interpolation::kBilinear : Interpolation::kNearest;
    const SampleGeometry g = random_geometry(random, interpolation);
    const Sample<TypeParam> sample(random, g, 1, 1, random_thetas(random, 1, round % 2));
    const std::vector<double> input = sample.plane(0, 0), grad = widened(sample.grad);
    const std::vector<double> output = widened(sample.forward(g.height));
    const std::vector<double> grad_input = widened(backward(sample, 1, 1).input);
    double forward = 0.0, transposed = 0.0;
    for (size_t i = 0; i < output.size(); ++i) forward += output[i] * grad[i];
    for (size_t i = 0; i < input.size(); ++i) transposed += input[i] * grad_input[i];
    ASSERT_NEAR(forward, transposed, this->kTolerance * double(2 * output.size()));
  }
}

TYPED_TEST(AffineSample, RangesOfItemsGiveWhatOneRangeGives) {
  Random random(0);
  for (int round = 0; round < 60; ++round) {
    const auto interpolation = round % 3 ? Interpolation::kBilinear : Interpolation::kNearest;
    const SampleGeometry g = random_geometry(random, interpolation);
    const Sample<TypeParam> sample(random, g, 3, 5, random_thetas(random, 3, round % 2));
    const Gradients<TypeParam> whole = backward(sample, 2, 9);
    for (const int64_t items : {1, 2, 4}) {
      const Gradients<TypeParam> split = backward(sample, 2, items);
      expect_same(split.input, whole.input);
      expect_same(split.theta, whole.theta);
    }
  }
}

TYPED_TEST(AffineSample, EitherGradientAloneIsWhatBothTogetherGive) {
  Random random(0);
  for (const bool upright : {false, true}) {
    const SampleGeometry g{7, 9, 8, 11, Interpolation::kBilinear, Padding::kBorder, false};
    const Sample<TypeParam> sample(random, g, 2, 3, random_thetas(random, 2, upright));
    std::vector<TypeParam> grad_input(2 * 3 * 63), alone(2 * 3 * 63);
    PositionMoments moments[4], moments_alone[4];
    rmpe::cpu::affine_sample_backward(sample.batch(), sample.grad.data(), 2, 0, 4,
                                      grad_input.data(), moments);
    auto without_input = sample.batch();
    without_input.input = nullptr;
    rmpe::cpu::affine_sample_backward<TypeParam>(without_input, sample.grad.data(), 2, 0, 4,
                                                 alone.data(), nullptr);
    rmpe::cpu::affine_sample_backward<TypeParam>(sample.batch(), sample.grad.data(), 2, 0, 4,
                                                 nullptr, moments_alone);
    expect_same(alone, grad_input);
    for (int item = 0; item < 4; ++item) {
      for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(moments_alone[item].values[i], moments[item].values[i]);
      }
    }
  }
}

TYPED_TEST(AffineSample, ThetaThatIsNotFiniteHasFiniteGradients) {
  Random random(0);
  for (const Padding padding : kPaddings) {
    for (int place = 0; place < 6; ++place) {
      const SampleGeometry g{4, 7, 5, 9, Interpolation::kBilinear, padding, random.one_in(2)};
      std::vector<double> theta = random_thetas(random, 1, random.one_in(2));
      theta[place] = random.one_in(2) ? nan<double>() : infinity<double>();
      const Gradients<TypeParam> got = backward(Sample<TypeParam>(random, g, 1, 1, theta), 1, 1);
      for (const double value : widened(got.input)) EXPECT_TRUE(std::isfinite(value));
      for (const double value : got.theta) EXPECT_TRUE(std::isfinite(value));
    }
  }
}

}  // namespace
