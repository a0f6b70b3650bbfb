// exp and tanh without branches and calls, so that loops over them are vectorized. The steps are
// the same on CPU and GPU.
#pragma once

#include <cstdint>
#include <cstring>

#include "macros.h"

namespace rmpe {

// Constants of exp_nonpositive, per type.
template <typename T>
struct ExpTraits;

template <>
struct ExpTraits<float> {
  using Bits = int32_t;
  static constexpr int kDegree = 7;
  static constexpr int kMantissa = 23;
  static constexpr int kBias = 127;
  static constexpr float kRounder = 12582912.0f;   // 1.5 * 2^23: adding it rounds to integer
  static constexpr float kLn2High = 0.693359375f;  // few bits: n * kLn2High is exact
  static constexpr float kLn2Low = -2.12194440e-4f;
  static constexpr float kLowest = -87.0f;
};

template <>
struct ExpTraits<double> {
  using Bits = int64_t;
  static constexpr int kDegree = 13;
  static constexpr int kMantissa = 52;
  static constexpr int kBias = 1023;
  static constexpr double kRounder = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double kLn2High = 6.93145751953125e-1;
  static constexpr double kLn2Low = 1.42860682030941723212e-6;
  static constexpr double kLowest = -708.0;
};

RMPE_HD constexpr double factorial(int k) {
  double product = 1.0;
  for (; k > 1; --k) product *= k;
  return product;
}

// Every second term of the Taylor series of exp(r), from r^kTerm / kTerm! on, summed and divided by
// r^kTerm; `square` is r^2. From 2 to 6 that is (square / 6! + 1 / 4!) square + 1 / 2!.
template <typename T, int kTerm>
RMPE_HD T exp_terms(T square) {
  constexpr T coefficient = T(1.0 / factorial(kTerm));
  if constexpr (kTerm + 2 > ExpTraits<T>::kDegree) {
    return coefficient;
  } else {
    return exp_terms<T, kTerm + 2>(square) * square + coefficient;
  }
}

// exp(x) for x <= 0, to about 1 ulp. It is 0 where x is below kLowest, which is exp(x) of about
// 1e-38 in float and 1e-308 in double.
template <typename T>
RMPE_HD T exp_nonpositive(T x) {
  using Traits = ExpTraits<T>;
  // exp(x) = 2^n exp(r); n is the integer nearest to x / ln 2, so that |r| <= ln(2) / 2.
  const T clamped = x < Traits::kLowest ? Traits::kLowest : x;
  const T shifted = clamped * T(1.44269504088896340736) + Traits::kRounder;
  const T n = shifted - Traits::kRounder;
  const T r = (clamped - n * Traits::kLn2High) - n * Traits::kLn2Low;
  // The low bits of `shifted` hold n. Shifted into the exponent field, they are 2^n.
  typename Traits::Bits bits;
  std::memcpy(&bits, &shifted, sizeof(bits));
  bits = static_cast<typename Traits::Bits>((static_cast<uint64_t>(bits) + Traits::kBias)
                                            << Traits::kMantissa);
  T power;
  std::memcpy(&power, &bits, sizeof(power));
  // The sums of the even and of the odd terms do not wait for each other. The largest terms come
  // last, so that the sum is rounded little more than once.
  const T square = r * r;
  const T small = square * (exp_terms<T, 2>(square) + r * exp_terms<T, 3>(square));
  const T series = (small + r) + T(1);
  return x < Traits::kLowest ? T(0) : series * power;
}

// tanh(x), with an absolute error of about 1 ulp of 1.
template <typename T>
RMPE_HD T tanh_by_exp(T x) {
  const T magnitude = x < T(0) ? -x : x;
  const T e = exp_nonpositive(T(-2) * magnitude);
  const T result = (T(1) - e) / (T(1) + e);
  return x < T(0) ? -result : result;
}

}  // namespace rmpe
