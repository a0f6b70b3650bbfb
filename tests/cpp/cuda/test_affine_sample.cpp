#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/half.h"
#include "cpu/affine_sample.h"
#include "cuda/affine_sample.h"
#include "oracles/affine_sample.h"
#include "schedules.h"

namespace {

using rmpe::BFloat16;
using rmpe::Half;
using rmpe::Interpolation;
using rmpe::Padding;
using rmpe::SampleGeometry;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Owns exactly the values of a tensor, so that reading past them shows.
template <typename S>
using Values = std::unique_ptr<S[]>;

template <typename S>
S stored(double value) {
  S out;
  rmpe::narrow(rmpe::ComputeType<S>(value), out);
  return out;
}

template <typename S>
Values<S> noise(int64_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Values<S> values(new S[size]);
  for (int64_t i = 0; i < size; ++i) values[i] = stored<S>(normal(random));
  return values;
}

template <typename S>
std::vector<double> widened(const S* values, int64_t size) {
  std::vector<double> wide;
  for (int64_t i = 0; i < size; ++i) wide.push_back(double(rmpe::widen(values[i])));
  return wide;
}

// What a value of S may be off by, where the sums behind it are about `scale`.
template <typename S>
double tolerance(double expected, double scale);
template <>
double tolerance<double>(double, double scale) {
  return 1e-12 * scale;
}
template <>
double tolerance<float>(double expected, double scale) {
  return 2.5e-7 * std::fabs(expected) + 2e-6 * scale;
}
template <>
double tolerance<Half>(double expected, double scale) {
  return 2e-3 * std::fabs(expected) + 2e-6 * scale;
}
template <>
double tolerance<BFloat16>(double expected, double scale) {
  return 1.6e-2 * std::fabs(expected) + 2e-6 * scale;
}

double largest(const std::vector<double>& values) {
  double most = 1.0;
  for (const double value : values) most = std::max(most, std::fabs(value));
  return most;
}

// How the gradient to the input is summed up.
enum class Sums { kFloat, kFixed };

// The memory that a call needs, no zeros to begin with.
template <typename T>
Values<T> scratch(int64_t size) {
  Values<T> values(new T[size]);
  std::memset(static_cast<void*>(values.get()), 0xa5, size * sizeof(T));
  return values;
}

template <typename S>
void run_backward(const rmpe::cuda::SampleBatch<S>& batch, const S* grad, Sums sums, S* grad_input,
                  void* grad_theta) {
  const SampleGeometry& g = batch.geometry;
  const int64_t planes = batch.N * batch.C, pixels = planes * g.input_height * g.input_width;
  const bool fixed = grad_input && sums == Sums::kFixed;
  const auto moments = scratch<rmpe::PositionMoments>(
      grad_theta ? rmpe::cuda::moment_count(batch.N, batch.C, g) : 0);
  const auto floats = scratch<float>(grad_input && !fixed && sizeof(S) == 2 ? pixels : 0);
  const auto integers = scratch<unsigned long long>(fixed ? pixels : 0);
  const auto exponents = scratch<unsigned>(fixed ? planes : 0);
  rmpe::cuda::launch_affine_sample_backward(
      batch, grad, {moments.get(), floats.get(), fixed ? integers.get() : nullptr, exponents.get()},
      nullptr, grad_input, grad_theta);
}

// One call of the op: images with dense planes, and one map for each.
template <typename S>
struct Call {
  SampleGeometry g;
  int64_t N, C;
  std::vector<double> theta;  // [N, 2, 3]
  Values<S> input, grad;
  Values<S> output, grad_input;
  std::vector<double> grad_theta;

  Call(const SampleGeometry& g, int64_t C, const std::vector<double>& theta)
      : g(g),
        N(int64_t(theta.size()) / 6),
        C(C),
        theta(theta),
        input(noise<S>(N * C * input_size(), 1)),
        grad(noise<S>(N * C * size(), 2)),
        output(new S[N * C * size()]),
        grad_input(new S[N * C * input_size()]),
        grad_theta(6 * N, kNan) {}

  int64_t size() const { return g.height * g.width; }
  int64_t input_size() const { return g.input_height * g.input_width; }

  rmpe::cuda::SampleBatch<S> batch() const {
    return {input.get(), C * input_size(), input_size(), {theta.data(), true}, N, C, g};
  }

  void run(Sums sums = Sums::kFloat) {
    rmpe::cuda::launch_affine_sample(batch(), nullptr, output.get());
    run_backward(batch(), grad.get(), sums, grad_input.get(), grad_theta.data());
  }
};

// What the call must give, by the oracle.
struct Expected {
  std::vector<double> output, grad_input, grad_theta;  // as in Call
  std::vector<double> margin, grad_margin;             // [N]
};

template <typename S>
Expected expected(const Call<S>& call) {
  Expected result;
  result.grad_theta.resize(6 * call.N);
  for (int64_t n = 0; n < call.N; ++n) {
    const double* theta = &call.theta[6 * n];
    result.margin.push_back(kInfinity);
    result.grad_margin.push_back(kInfinity);
    for (int64_t c = 0; c < call.C; ++c) {
      const int64_t plane = n * call.C + c;
      const auto input = widened(&call.input[plane * call.input_size()], call.input_size());
      const auto grad = widened(&call.grad[plane * call.size()], call.size());
      const oracle::Sampled sampled = oracle::affine_sample(input.data(), theta, call.g);
      const oracle::SampleGradients gradients =
          oracle::affine_sample_backward(input.data(), theta, call.g, grad.data());
      result.output.insert(result.output.end(), sampled.output.begin(), sampled.output.end());
      result.grad_input.insert(result.grad_input.end(), gradients.input.begin(),
                               gradients.input.end());
      for (int i = 0; i < 6; ++i) result.grad_theta[6 * n + i] += gradients.theta[i];
      result.margin[n] = std::min(result.margin[n], sampled.margin);
      result.grad_margin[n] = std::min(result.grad_margin[n], gradients.margin);
    }
  }
  return result;
}

// Where a sample lies on a step, of the nearest pixel or of a gradient, rounding decides: there is
// nothing to compare.
constexpr double kMargin = 1e-9;

template <typename S>
void expect_equal(const Call<S>& call, const Expected& want) {
  const bool nearest = call.g.interpolation == Interpolation::kNearest;
  const double scale = largest(want.grad_input), theta_scale = largest(want.grad_theta);
  for (int64_t n = 0; n < call.N; ++n) {
    for (int64_t i = 0; want.margin[n] > kMargin && i < call.C * call.size(); ++i) {
      const int64_t at = n * call.C * call.size() + i;
      ASSERT_NEAR(rmpe::widen(call.output[at]), want.output[at], tolerance<S>(want.output[at], 2.0))
          << "image " << n << ", value " << i;
    }
    const bool compares = !nearest || want.grad_margin[n] > kMargin;
    for (int64_t i = 0; compares && i < call.C * call.input_size(); ++i) {
      const int64_t at = n * call.C * call.input_size() + i;
      ASSERT_NEAR(rmpe::widen(call.grad_input[at]), want.grad_input[at],
                  tolerance<S>(want.grad_input[at], scale))
          << "image " << n << ", pixel " << i;
    }
    for (int i = 0; want.grad_margin[n] > kMargin && i < 6; ++i) {
      const double off = sizeof(S) == 8 ? 1e-12 : 2e-6;  // it is stored as theta is
      ASSERT_NEAR(call.grad_theta[6 * n + i], want.grad_theta[6 * n + i], off * theta_scale)
          << "image " << n << ", theta " << i;
    }
  }
}

void append(std::vector<double>& theta, const std::vector<double>& map) {
  theta.insert(theta.end(), map.begin(), map.end());
}

std::vector<double> rotation(double degrees, double scale, double x, double y) {
  const double radians = degrees * std::acos(-1.0) / 180.0;
  const double c = scale * std::cos(radians), s = scale * std::sin(radians);
  return {c, -s, x, s, c, y};
}

// [N, 2, 3]
std::vector<double> usual_maps() {
  std::vector<double> theta;
  for (const std::vector<double>& map : std::vector<std::vector<double>>{
           {1, 0, 0, 0, 1, 0},
           rotation(0, 0.9, 0.05, -0.03),
           rotation(0, 2.3, 0.05, -0.03),
           rotation(0, 0.2, -0.7, -0.03),  // one input pixel goes to many output pixels
           rotation(0, 0.02, 0.3, 0.1),    // to most of them
           rotation(17, 0.9, 0.05, -0.03),
           rotation(-50, 1.9, 0.05, -0.03),
           rotation(90, 1.0, 0.05, -0.03),
           {-1, 0, 0.1, 0, 0.8, 0},
           {0.9, 0.4, 0.3, 0.2, -1.1, 0.4},
           {0.5, 0.49, 0.1, 0.5, 0.51, 0},  // close to singular
           {0.5, 0, 0.3, 0.5, 0, 0},        // singular
           {0, 0.5, 0.3, 0, 0.5, 0},
           {0.3, 0.3, 0.1, -0.4, -0.4, 0.2},
           {0, 0, 0.21, 0, 0, -0.4},  // one point
           {1, 0, 5, 0, 1, 0},        // far outside
           {0.3, 0.2, -40, -0.2, 0.3, 0},
           {kNan, 0, 0, 0, 1, 0},
           {0.9, 0.1, 0.05, 0.1, kInfinity, 0.3}}) {
    append(theta, map);
  }
  return theta;
}

struct Options {
  Interpolation interpolation;
  Padding padding;
  bool align_corners;
};

std::vector<Options> all_options() {
  std::vector<Options> all;
  for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kNearest}) {
    for (const auto padding : {Padding::kZeros, Padding::kBorder, Padding::kReflection}) {
      for (const bool align_corners : {false, true}) {
        all.push_back({interpolation, padding, align_corners});
      }
    }
  }
  return all;
}

SampleGeometry geometry(int64_t input_height, int64_t input_width, int64_t height, int64_t width,
                        const Options& o) {
  return {input_height, input_width, height, width, o.interpolation, o.padding, o.align_corners};
}

class CudaAffineSample : public testing::TestWithParam<Options> {};

std::string name_of(const testing::TestParamInfo<Options>& info) {
  const char* paddings[] = {"Zeros", "Border", "Reflection"};
  std::string name = paddings[int(info.param.padding)];
  if (info.param.interpolation == Interpolation::kNearest) name += "Nearest";
  if (info.param.align_corners) name += "Aligned";
  return name;
}

INSTANTIATE_TEST_SUITE_P(Options, CudaAffineSample, testing::ValuesIn(all_options()), name_of);

template <typename S>
void expect_the_oracle(const SampleGeometry& g, int64_t C, const std::vector<double>& theta) {
  Call<S> call(g, C, theta);
  const Expected want = expected(call);
  for (const Sums sums : {Sums::kFloat, Sums::kFixed}) {
    call.run(sums);
    expect_equal(call, want);
  }
}

TEST_P(CudaAffineSample, EqualsTheOracle) {
  // Several blocks of the output; several of the input; one pixel, or one row or column.
  const int64_t sizes[][4] = {{13, 11, 24, 13}, {23, 17, 5, 4}, {1, 1, 5, 4},
                              {1, 6, 3, 3},     {6, 1, 3, 3},   {6, 5, 1, 1}};
  for (const auto& s : sizes) {
    const SampleGeometry g = geometry(s[0], s[1], s[2], s[3], GetParam());
    SCOPED_TRACE(testing::Message() << s[0] << "x" << s[1] << " to " << s[2] << "x" << s[3]);
    expect_the_oracle<float>(g, 2, usual_maps());
    expect_the_oracle<double>(g, 1, usual_maps());
  }
  const SampleGeometry g = geometry(13, 11, 24, 13, GetParam());
  expect_the_oracle<Half>(g, 1, usual_maps());
  expect_the_oracle<BFloat16>(g, 1, usual_maps());
}

// <sample(input), grad> = <input, gradient to input>, whatever the map.
void expect_transposed(const SampleGeometry& g, const std::vector<double>& theta) {
  Call<double> call(g, 1, theta);
  call.run();
  for (int64_t n = 0; n < call.N; ++n) {
    double forward = 0.0, backward = 0.0;
    for (int64_t i = n * call.size(); i < (n + 1) * call.size(); ++i) {
      forward += call.output[i] * call.grad[i];
    }
    for (int64_t i = n * call.input_size(); i < (n + 1) * call.input_size(); ++i) {
      backward += call.input[i] * call.grad_input[i];
    }
    const double* t = &theta[6 * n];
    ASSERT_NEAR(forward, backward, 1e-10) << "image " << n << ": " << t[0] << " " << t[1] << " "
                                          << t[2] << " " << t[3] << " " << t[4] << " " << t[5];
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(std::isfinite(call.grad_theta[6 * n + i]));
  }
}

TEST_P(CudaAffineSample, BackwardIsTheTransposeOfForwardForAnyMap) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  const double special[] = {0.0,   1.0,   -0.5,  30.0,   1e3,  1e6,      1e12,
                            -1e30, 1e300, 1e-30, 1e-300, kNan, kInfinity};
  for (int round = 0; round < 10; ++round) {
    std::vector<double> theta;
    for (int n = 0; n < 16; ++n) {
      std::vector<double> map;
      for (int i = 0; i < 6; ++i) map.push_back(normal(random));
      if (n % 4 == 1) map[1] = map[3] = 0.0;
      for (int i = 0; n % 4 > 1 && i < n % 4; ++i) {
        map[random() % 6] = special[random() % std::size(special)];
      }
      append(theta, map);
    }
    expect_transposed(geometry(1 + random() % 12, 1 + random() % 12, 1 + random() % 20,
                               1 + random() % 20, GetParam()),
                      theta);
  }
}

TEST_P(CudaAffineSample, TakesTheSamePixelsAsTheCpu) {
  // Scales of 2 and halves of pixels: nearest meets nothing but ties.
  const SampleGeometry g = geometry(8, 16, 8, 16, GetParam());
  std::vector<double> theta;
  for (const double x : {0.0, 0.5, 1.0, -1.5}) {
    append(theta, {2, 0, x / 8, 0, 0.5, 1.0 / 8});
    append(theta, {0.5, 1, x / 8, 0.25, 0.5, 0});
    append(theta, rotation(33, 1.7, x, 0.1));
  }
  Call<double> call(g, 1, theta);
  call.run();
  std::vector<rmpe::Affine> maps;
  for (int64_t n = 0; n < call.N; ++n) maps.push_back(rmpe::sampling_map(&theta[6 * n], g));
  const int64_t size = call.input_size();
  const rmpe::cpu::SampleBatch<double> batch{call.input.get(), size, size, maps.data(),
                                             call.N,           1,    g};
  std::vector<double> output(call.N * call.size()), grad_input(call.N * size);
  std::vector<rmpe::PositionMoments> moments(call.N);
  rmpe::cpu::affine_sample(batch, 0, call.N * g.height, output.data());
  rmpe::cpu::affine_sample_backward(batch, call.grad.get(), 1, 0, call.N, grad_input.data(),
                                    moments.data());
  for (size_t i = 0; i < output.size(); ++i) ASSERT_NEAR(call.output[i], output[i], 1e-12);
  for (size_t i = 0; i < grad_input.size(); ++i) {
    ASSERT_NEAR(call.grad_input[i], grad_input[i], 1e-11);
  }
  for (int64_t n = 0; n < call.N; ++n) {
    double grad_theta[6];
    rmpe::theta_gradient(moments[n], g, grad_theta);
    const bool nearest = g.interpolation == Interpolation::kNearest;
    for (int i = 0; i < 6; ++i) {
      ASSERT_NEAR(call.grad_theta[6 * n + i], nearest ? 0.0 : grad_theta[i], 1e-10);
    }
  }
}

TEST_P(CudaAffineSample, TheIdentityIsExact) {
  for (const auto& [height, width] : {std::pair(1, 1), std::pair(1, 9), std::pair(19, 15)}) {
    Call<float> call(geometry(height, width, height, width, GetParam()), 2, {1, 0, 0, 0, 1, 0});
    call.run();
    for (int64_t i = 0; i < call.C * call.size(); ++i) {
      ASSERT_EQ(call.output[i], call.input[i]);
      ASSERT_EQ(call.grad_input[i], call.grad[i]);
    }
  }
}

const Options kBilinearZeros{Interpolation::kBilinear, Padding::kZeros, true};

TEST(CudaAffineSampleValues, HaveTheSameBitsInWhateverOrderThreadsRun) {
  for (const Options& o :
       {kBilinearZeros, Options{Interpolation::kBilinear, Padding::kReflection, false},
        Options{Interpolation::kNearest, Padding::kBorder, false}}) {
    Call<float> first(geometry(13, 11, 24, 13, o), 2, usual_maps());
    first.run(Sums::kFixed);
    for (const Sums sums : {Sums::kFloat, Sums::kFixed}) {
      for_each_schedule([&] {
        Call<float> call(first.g, first.C, first.theta);
        call.run(sums);
        EXPECT_EQ(0, memcmp(call.output.get(), first.output.get(),
                            call.N * call.C * call.size() * sizeof(float)));
        EXPECT_EQ(0, memcmp(call.grad_theta.data(), first.grad_theta.data(),
                            call.grad_theta.size() * sizeof(double)));
        if (sums == Sums::kFloat) return;
        EXPECT_EQ(0, memcmp(call.grad_input.get(), first.grad_input.get(),
                            call.N * call.C * call.input_size() * sizeof(float)));
      });
    }
  }
}

// Enough images that a block takes several pixels a thread, and as many channels as it can.
TEST(CudaAffineSampleValues, ManyImagesMakeLargeBlocks) {
  std::vector<double> theta;
  for (int n = 0; n < 1024; ++n) append(theta, rotation(n, 0.3 + 0.002 * n, 0.1, -0.2));
  expect_the_oracle<float>(geometry(17, 16, 16, 17, kBilinearZeros), 3, theta);
}

TEST(CudaAffineSampleValues, HalfIsComputedInFloatAndRoundedOnce) {
  for (const Options& o : all_options()) {
    const SampleGeometry g = geometry(13, 11, 9, 17, o);
    Call<Half> call(g, 3, usual_maps());
    call.run();
    Call<float> wide(g, 3, usual_maps());
    for (int64_t i = 0; i < call.N * call.C * call.input_size(); ++i) {
      wide.input[i] = rmpe::widen(call.input[i]);
    }
    for (int64_t i = 0; i < call.N * call.C * call.size(); ++i) {
      wide.grad[i] = rmpe::widen(call.grad[i]);
    }
    wide.run();
    for (int64_t i = 0; i < call.N * call.C * call.size(); ++i) {
      ASSERT_EQ(call.output[i].bits, stored<Half>(wide.output[i]).bits);
    }
    for (int64_t i = 0; i < call.N * call.C * call.input_size(); ++i) {
      ASSERT_EQ(call.grad_input[i].bits, stored<Half>(wide.grad_input[i]).bits);
    }
    EXPECT_EQ(call.grad_theta, wide.grad_theta);
  }
}

TEST(CudaAffineSampleValues, HalfGradientsOverflowToInfinity) {
  Call<Half> call(geometry(2, 2, 8, 8, kBilinearZeros), 1, {0, 0, 0, 0, 0, 0});
  for (int64_t i = 0; i < call.size(); ++i) call.grad[i] = stored<Half>(60000.0);
  for (const Sums sums : {Sums::kFloat, Sums::kFixed}) {
    call.run(sums);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(rmpe::widen(call.grad_input[i]), float(kInfinity));
  }
}

TEST(CudaAffineSampleValues, NearestRoundsHalfToEven) {
  const Options options{Interpolation::kNearest, Padding::kBorder, true};
  Call<float> call(geometry(1, 5, 1, 5, options), 1, {1, 0, 0.25, 0, 1, 0});
  for (int i = 0; i < 5; ++i) call.input[i] = float(i);
  for (int i = 0; i < 5; ++i) call.grad[i] = float(1 << i);
  call.run();
  const float output[5] = {0, 2, 2, 4, 4}, grad_input[5] = {1, 0, 6, 0, 24};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(call.output[i], output[i]);
    EXPECT_EQ(call.grad_input[i], grad_input[i]);
  }
  EXPECT_EQ(call.grad_theta, std::vector<double>(6, 0.0));
}

TEST(CudaAffineSampleValues, ANanPixelReachesTheSamplesWithinOnePixelOfIt) {
  for (const auto padding : {Padding::kZeros, Padding::kBorder, Padding::kReflection}) {
    const std::vector<double> theta = rotation(35, 1.3, 0.05, -0.03);
    Call<float> call(geometry(9, 9, 20, 20, {Interpolation::kBilinear, padding, true}), 1, theta);
    call.input[4 * 9 + 4] = float(kNan);
    call.run();
    for (int64_t y = 0; y < 20; ++y) {
      for (int64_t x = 0; x < 20; ++x) {
        const oracle::SamplePoint p = oracle::sample_point(theta.data(), call.g, y, x);
        const double distance = std::max(std::fabs(p.x.at - 4), std::fabs(p.y.at - 4));
        EXPECT_EQ(std::isnan(call.output[y * 20 + x]), distance < 1.0);
      }
    }
  }
}

TEST(CudaAffineSampleValues, AGradientThatNoPixelGaveGoesNowhere) {
  Call<float> call(geometry(5, 5, 8, 8, kBilinearZeros), 2, {1, 0, 0.9, 0, 1, 0.4});
  Call<float> without(call.g, call.C, call.theta);
  for (int64_t i = 0; i < call.C * call.size(); ++i) {
    const oracle::SamplePoint p =
        oracle::sample_point(call.theta.data(), call.g, i % call.size() / 8, i % 8);
    if (p.x.at < 5.0 && p.y.at < 5.0) continue;
    call.grad[i] = float(kNan);
    without.grad[i] = 0.0f;
  }
  call.run();
  without.run();
  for (int64_t i = 0; i < call.C * call.input_size(); ++i) {
    EXPECT_EQ(call.grad_input[i], without.grad_input[i]);
  }
  EXPECT_EQ(call.grad_theta, without.grad_theta);
}

// Sums in fixed point

template <typename S>
void expect_scaled_with_the_plane(const std::vector<int>& exponents) {
  const int64_t planes = int64_t(exponents.size());
  Call<S> call(geometry(9, 7, 12, 10, kBilinearZeros), planes, rotation(20, 0.9, 0.1, 0));
  Call<S> scaled(call.g, planes, call.theta);
  for (int64_t i = 0; i < planes * call.size(); ++i) {
    scaled.grad[i] = std::ldexp(call.grad[i], exponents[i / call.size()]);
  }
  call.run(Sums::kFixed);
  scaled.run(Sums::kFixed);
  for (int64_t i = 0; i < planes * call.input_size(); ++i) {
    ASSERT_EQ(scaled.grad_input[i],
              std::ldexp(call.grad_input[i], exponents[i / call.input_size()]));
  }
}

TEST(CudaAffineSampleFixedSums, EachPlaneHasItsOwnUnit) {
  expect_scaled_with_the_plane<float>({0, -90, 40, 110});
  expect_scaled_with_the_plane<double>({0, -900, 500, 1000});
}

TEST(CudaAffineSampleFixedSums, TheSmallestGradientsCount) {
  const float smallest = std::numeric_limits<float>::denorm_min();
  Call<float> call(geometry(5, 5, 5, 5, kBilinearZeros), 2, {1, 0, 0, 0, 1, 0});
  for (int64_t i = 0; i < 2 * call.size(); ++i) call.grad[i] = i < call.size() ? smallest : 0.0f;
  call.run(Sums::kFixed);
  for (int64_t i = 0; i < 2 * call.size(); ++i) ASSERT_EQ(call.grad_input[i], call.grad[i]);
}

// Every output pixel adds nearly the most that its plane's exponent allows to one input pixel.
TEST(CudaAffineSampleFixedSums, TheLargestSumFits) {
  for (const float sign : {1.0f, -1.0f}) {
    for (const int64_t width : {1, 15, 16, 17}) {
      Call<float> call(geometry(3, 3, 16, width, kBilinearZeros), 1, {0, 0, 0, 0, 0, 0});
      const float most = sign * std::nextafter(4.0f, 0.0f);
      for (int64_t i = 0; i < call.size(); ++i) call.grad[i] = most;
      call.run(Sums::kFixed);
      EXPECT_EQ(call.grad_input[4], float(double(most) * double(call.size())));
      EXPECT_EQ(call.grad_input[3], 0.0f);
    }
  }
}

// A thread looks at several pixels: the last one is far larger than those before.
TEST(CudaAffineSampleFixedSums, EveryPixelSetsTheUnit) {
  Call<float> call(geometry(1, 1, 16, 17, kBilinearZeros), 1, std::vector<double>(6 * 1024));
  for (int64_t i = 0; i < call.N * call.size(); ++i) {
    call.grad[i] = i % call.size() == call.size() - 1 ? 0x1p40f : 1.0f;
  }
  call.run(Sums::kFixed);
  for (int64_t n = 0; n < call.N; ++n) ASSERT_EQ(call.grad_input[n], 0x1p40f + 271.0f);
}

TEST(CudaAffineSampleFixedSums, APlaneWhoseGradientIsNotFiniteIsNan) {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    Call<float> finite(geometry(9, 7, 12, 40, kBilinearZeros), 3, rotation(20, 0.9, 0.1, 0));
    Call<float> call(finite.g, finite.C, finite.theta);
    call.grad[2 * call.size() - 1] = float(bad);  // of the second plane
    finite.run(Sums::kFixed);
    call.run(Sums::kFixed);
    for (int64_t i = 0; i < call.C * call.input_size(); ++i) {
      if (i / call.input_size() == 1) {
        ASSERT_TRUE(std::isnan(call.grad_input[i]));
      } else {
        ASSERT_EQ(call.grad_input[i], finite.grad_input[i]);
      }
    }
  }
}

TEST(CudaAffineSampleArguments, ImagesAndChannelsMayHaveAnyStride) {
  for (const int64_t N : {2, 600}) {  // a block takes one channel; or several
    std::vector<double> theta;
    for (int64_t n = 0; n < N; ++n) append(theta, rotation(20.0 + double(n), 0.9, 0.1, 0));
    Call<float> call(geometry(4, 3, 3, 5, kBilinearZeros), 3, theta);
    // Every other plane, in reverse order, of one image for all.
    const int64_t size = call.input_size();
    const Values<float> planes = noise<float>(5 * size, 3);
    for (int64_t i = 0; i < 3 * N * size; ++i) {
      call.input[i] = planes[(4 - i / size % 3 * 2) * size + i % size];
    }
    call.run();
    auto batch = call.batch();
    batch.input = planes.get() + 4 * size;
    batch.batch_stride = 0;
    batch.channel_stride = -2 * size;
    std::vector<float> output(3 * N * call.size());
    rmpe::cuda::launch_affine_sample(batch, nullptr, output.data());
    for (size_t i = 0; i < output.size(); ++i) ASSERT_EQ(output[i], call.output[i]);
    std::vector<double> grad_theta(6 * N);
    run_backward<float>(batch, call.grad.get(), Sums::kFloat, nullptr, grad_theta.data());
    EXPECT_EQ(grad_theta, call.grad_theta);
  }
}

TEST(CudaAffineSampleArguments, ThetaMayBeFloat) {
  std::vector<double> theta = rotation(20, 0.9, 0.1, 0);
  std::vector<float> narrow;
  for (double& value : theta) {
    narrow.push_back(float(value));
    value = double(float(value));
  }
  Call<float> call(geometry(7, 6, 5, 9, kBilinearZeros), 2, theta);
  call.run();
  auto batch = call.batch();
  batch.maps = {narrow.data(), false};
  std::vector<float> output(call.C * call.size()), grad_theta(6);
  rmpe::cuda::launch_affine_sample(batch, nullptr, output.data());
  for (size_t i = 0; i < output.size(); ++i) ASSERT_EQ(output[i], call.output[i]);
  run_backward<float>(batch, call.grad.get(), Sums::kFloat, nullptr, grad_theta.data());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(grad_theta[i], float(call.grad_theta[i]));
}

TEST(CudaAffineSampleArguments, OneGradientAloneIsTheSame) {
  Call<Half> call(geometry(7, 6, 5, 9, kBilinearZeros), 2, rotation(20, 0.9, 0.1, 0));
  auto without_input = call.batch();
  without_input.input = nullptr;
  for (const Sums sums : {Sums::kFloat, Sums::kFixed}) {
    call.run(sums);
    std::vector<Half> grad_input(call.C * call.input_size());
    run_backward<Half>(without_input, call.grad.get(), sums, grad_input.data(), nullptr);
    for (size_t i = 0; i < grad_input.size(); ++i) {
      ASSERT_EQ(grad_input[i].bits, call.grad_input[i].bits);
    }
    std::vector<double> grad_theta(6);
    run_backward<Half>(call.batch(), call.grad.get(), sums, nullptr, grad_theta.data());
    EXPECT_EQ(grad_theta, call.grad_theta);
    run_backward<Half>(without_input, call.grad.get(), sums, nullptr, nullptr);
  }
}

TEST(CudaAffineSampleArguments, NoImagesAreFine) {
  Call<float> call(geometry(7, 6, 5, 9, kBilinearZeros), 2, {});
  for (const Sums sums : {Sums::kFloat, Sums::kFixed}) call.run(sums);
}

TEST(CudaAffineSampleArguments, NoChannelsGiveThetaNoGradient) {
  Call<float> call(geometry(7, 6, 5, 9, kBilinearZeros), 0, rotation(20, 0.9, 0.1, 0));
  for (const Sums sums : {Sums::kFloat, Sums::kFixed}) call.run(sums);
  EXPECT_EQ(call.grad_theta, std::vector<double>(6, 0.0));
}

}  // namespace
