// What the 16-bit formats stand for, from the definition of binary floating point.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace oracle {

struct Format {
  int mantissa_bits, exponent_bits;

  int largest_exponent() const { return (1 << (exponent_bits - 1)) - 1; }
  int smallest_exponent() const { return 1 - largest_exponent(); }
};

constexpr Format kHalf{10, 5}, kBFloat16{7, 8};

// The value of 16 bits.
inline double value_of(uint16_t bits, const Format& format) {
  const int mantissa = bits & ((1 << format.mantissa_bits) - 1);
  const int exponent = (bits >> format.mantissa_bits) & ((1 << format.exponent_bits) - 1);
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == (1 << format.exponent_bits) - 1) {
    return mantissa ? std::numeric_limits<double>::quiet_NaN()
                    : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) {
    return sign * std::ldexp(mantissa, format.smallest_exponent() - format.mantissa_bits);
  }
  return sign * std::ldexp(mantissa + (1 << format.mantissa_bits),
                           exponent - format.largest_exponent() - format.mantissa_bits);
}

// The nearest value of the format, ties to the even one; infinite from half a place above the
// largest on.
inline double nearest(double value, const Format& format) {
  if (value == 0.0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), format.smallest_exponent());
  const double place = std::ldexp(1.0, exponent - format.mantissa_bits);
  const double rounded = std::nearbyint(value / place) * place;
  if (std::fabs(rounded) < std::ldexp(1.0, format.largest_exponent() + 1)) return rounded;
  return std::copysign(std::numeric_limits<double>::infinity(), value);
}

}  // namespace oracle
