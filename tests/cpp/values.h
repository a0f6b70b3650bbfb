// Values of the types that the library stores, made from numbers and compared with them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "core/half.h"

using StoredTypes = ::testing::Types<float, double, rmpe::Half, rmpe::BFloat16>;
using FloatingTypes = ::testing::Types<float, double>;

// The spacing of a type's values just above 1.
template <typename Stored>
inline constexpr double kSpacing = 0.0;
template <>
inline constexpr double kSpacing<float> = 1.0 / (1 << 23);
template <>
inline constexpr double kSpacing<double> = 1.0 / (int64_t(1) << 52);
template <>
inline constexpr double kSpacing<rmpe::Half> = 1.0 / (1 << 10);
template <>
inline constexpr double kSpacing<rmpe::BFloat16> = 1.0 / (1 << 7);

template <typename Stored>
std::vector<Stored> stored(const std::vector<double>& values) {
  std::vector<Stored> out(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    rmpe::narrow(rmpe::ComputeType<Stored>(values[i]), out[i]);
  return out;
}

template <typename Stored>
std::vector<double> widened(const std::vector<Stored>& values) {
  std::vector<double> out(values.size());
  for (size_t i = 0; i < values.size(); ++i) out[i] = double(rmpe::widen(values[i]));
  return out;
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  double uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  // In [low, high].
  int64_t whole(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  bool one_in(int64_t count) { return whole(1, count) == 1; }
  std::vector<double> values(int64_t count, double low, double high) {
    std::vector<double> out(count);
    for (double& value : out) value = uniform(low, high);
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

// Calls body(begin, end) for [0, count) in ranges of `size`, as threads would.
template <typename Body>
void in_ranges(int64_t count, int64_t size, Body&& body) {
  for (int64_t begin = 0; begin < count; begin += size) {
    body(begin, std::min(count, begin + size));
  }
}

// To the last bit, signs of zero included; a NaN equals a NaN.
template <typename T>
void expect_same(const std::vector<T>& got, const std::vector<T>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const bool both_nan = std::isnan(rmpe::widen(got[i])) && std::isnan(rmpe::widen(want[i]));
    ASSERT_TRUE(both_nan || std::memcmp(&got[i], &want[i], sizeof(T)) == 0)
        << rmpe::widen(got[i]) << " is not " << rmpe::widen(want[i]) << " at " << i;
  }
}

// |got - want| <= absolute + relative |want|; what is not finite is the same.
inline void expect_near(const std::vector<double>& got, const std::vector<double>& want,
                        double absolute, double relative = 0.0) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(want[i])) {
      ASSERT_TRUE(std::isnan(got[i])) << got[i] << " is not NaN at " << i;
    } else if (std::isinf(want[i])) {
      ASSERT_EQ(got[i], want[i]) << "at " << i;
    } else {
      ASSERT_NEAR(got[i], want[i], absolute + relative * std::fabs(want[i])) << "at " << i;
    }
  }
}

template <typename T>
T infinity() {
  return std::numeric_limits<T>::infinity();
}
template <typename T>
T nan() {
  return std::numeric_limits<T>::quiet_NaN();
}
