// Arguments of an op from the bytes of a fuzzer. A few bytes make a whole image: they say what its
// values are like, and seed the generator that they come from.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "core/affine.h"
#include "core/half.h"

namespace fuzz {

template <typename Stored>
using Wide = rmpe::ComputeType<Stored>;

// The spacing of a type's values just above 1.
template <typename Stored>
constexpr double kSpacing = std::numeric_limits<Stored>::epsilon();
template <>
constexpr double kSpacing<rmpe::Half> = 1.0 / (1 << 10);
template <>
constexpr double kSpacing<rmpe::BFloat16> = 1.0 / (1 << 7);

inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// Values of an array, and what is known of them.
template <typename Stored>
struct Values {
  std::vector<Stored> data;
  bool tame;  // all within [-1, 1]
};

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data, size) {}

  int64_t whole(int64_t low, int64_t high) {
    return data_.ConsumeIntegralInRange<int64_t>(low, high);
  }
  bool flag() { return data_.ConsumeBool(); }
  double uniform(double low, double high) {
    return low + (high - low) * double(data_.ConsumeIntegral<uint16_t>()) / 65535.0;
  }

  // Any double at all, the troublesome ones often.
  double number() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    constexpr double kTroubles[] = {0.0,
                                    -0.0,
                                    0.5,
                                    1.0,
                                    -1.0,
                                    5e-324,
                                    1e-45,
                                    1e-38,
                                    1e-8,
                                    268435456.0,
                                    1e10,
                                    -2.2e9,
                                    9.3e18,
                                    -3.4028235e38,
                                    1e300,
                                    -1.7e308,
                                    kInfinity,
                                    -kInfinity,
                                    std::numeric_limits<double>::quiet_NaN()};
    switch (whole(0, 5)) {
      case 0:
        return kTroubles[whole(0, int64_t(std::size(kTroubles)) - 1)];
      case 1: {
        const uint64_t bits = data_.ConsumeIntegral<uint64_t>();
        double value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
      }
      case 2:
        return uniform(-1000.0, 1000.0);
      default:
        return uniform(-2.0, 2.0);
    }
  }

  // In [low, high], and over all its orders of magnitude. low is above 0.
  double magnitude(double low, double high) {
    return std::exp(uniform(std::log(low), std::log(high)));
  }

  rmpe::Affine affine() {
    // Upright maps have loops of their own.
    const bool upright = flag();
    rmpe::Affine map{number(), 0.0, number(), 0.0, number(), number()};
    if (!upright) map.xy = number();
    if (!upright) map.yx = number();
    return map;
  }

  // Noise in [-1, 1] of as many levels as the input says, here and there a value of any size.
  template <typename Stored>
  Values<Stored> values(int64_t count) {
    std::minstd_rand random(uint32_t(whole(0, 255)) + 1);
    const int64_t levels = int64_t(1) << whole(0, 16);
    const int64_t others = whole(0, 3);
    double other[3];
    for (int64_t i = 0; i < others; ++i) other[i] = number();
    Values<Stored> values{std::vector<Stored>(count), others == 0};
    for (Stored& value : values.data) {
      double number = double(int64_t(random()) % (2 * levels + 1) - levels) / double(levels);
      if (others > 0 && random() % 8 == 0) number = other[random() % others];
      rmpe::narrow(Wide<Stored>(number), value);
    }
    return values;
  }

 private:
  FuzzedDataProvider data_;
};

// Calls body(begin, end) for [0, count), in two ranges.
template <typename Body>
void in_two(int64_t count, int64_t split, Body&& body) {
  body(0, std::min(split, count));
  body(std::min(split, count), count);
}

// Fails unless both hold the same, to the last bit; a NaN is a NaN.
template <typename T>
void require_same(const std::vector<T>& a, const std::vector<T>& b, const char* what) {
  for (size_t i = 0; i < a.size(); ++i) {
    const bool both_nan = std::isnan(rmpe::widen(a[i])) && std::isnan(rmpe::widen(b[i]));
    require(both_nan || std::memcmp(&a[i], &b[i], sizeof(T)) == 0, what);
  }
}

// Calls body with a zero of one of the stored types.
template <typename Body>
void with_stored_type(Input& input, Body&& body) {
  switch (input.whole(0, 3)) {
    case 0:
      return body(float{});
    case 1:
      return body(double{});
    case 2:
      return body(rmpe::Half{});
    case 3:
      return body(rmpe::BFloat16{});
  }
}

}  // namespace fuzz
