#include "core/half.h"
#include "cpu/convert.h"
#include "oracles/half.h"
#include "values.h"

namespace {

using rmpe::BFloat16;
using rmpe::Half;

template <typename S>
constexpr oracle::Format kFormat = oracle::kHalf;
template <>
constexpr oracle::Format kFormat<BFloat16> = oracle::kBFloat16;

template <typename S>
class SixteenBits : public ::testing::Test {};
using SixteenBitTypes = ::testing::Types<Half, BFloat16>;
TYPED_TEST_SUITE(SixteenBits, SixteenBitTypes);

template <typename S>
std::vector<S> every_pattern() {
  std::vector<S> patterns;
  for (uint32_t bits = 0; bits < 65536; ++bits) patterns.push_back(S{uint16_t(bits)});
  return patterns;
}

// Around every value of the format, and around the ties between neighbors.
template <typename S>
std::vector<float> interesting_floats() {
  std::vector<float> floats{0.0f, -0.0f, 1e-45f, 3.4028235e38f, infinity<float>()};
  for (const S value : every_pattern<S>()) {
    const float at = rmpe::widen(value);
    if (!std::isfinite(at)) continue;
    const float tie = at + 0.5f * (rmpe::widen(S{uint16_t(value.bits + 1)}) - at);
    for (const float middle : {at, tie}) {
      for (const float toward : {-infinity<float>(), infinity<float>()}) {
        floats.push_back(std::nextafter(middle, toward));
      }
      floats.push_back(middle);
    }
  }
  return floats;
}

TYPED_TEST(SixteenBits, EveryPatternHasItsValue) {
  for (const TypeParam value : every_pattern<TypeParam>()) {
    const double want = oracle::value_of(value.bits, kFormat<TypeParam>);
    const double got = double(rmpe::widen(value));
    ASSERT_TRUE(got == want || (std::isnan(got) && std::isnan(want))) << value.bits;
    ASSERT_EQ(std::signbit(got), bool(value.bits >> 15)) << value.bits;
  }
}

TYPED_TEST(SixteenBits, NarrowingRoundsToTheNearestTiesToEven) {
  for (const float value : interesting_floats<TypeParam>()) {
    if (std::isnan(value)) continue;
    for (const float number : {value, -value}) {
      TypeParam narrowed;
      rmpe::narrow(number, narrowed);
      const double want = oracle::nearest(double(number), kFormat<TypeParam>);
      ASSERT_EQ(oracle::value_of(narrowed.bits, kFormat<TypeParam>), want) << number;
      ASSERT_EQ(bool(narrowed.bits >> 15), std::signbit(number)) << number;
    }
  }
}

TYPED_TEST(SixteenBits, NarrowingUndoesWidening) {
  for (const TypeParam value : every_pattern<TypeParam>()) {
    if (std::isnan(rmpe::widen(value))) continue;
    TypeParam again;
    rmpe::narrow(rmpe::widen(value), again);
    ASSERT_EQ(again.bits, value.bits);
  }
}

TYPED_TEST(SixteenBits, EveryNanStaysOne) {
  for (const uint32_t payload : {0x7f800001u, 0x7fc00000u, 0x7fffffffu, 0xff801000u, 0xff80ffffu}) {
    TypeParam narrowed;
    rmpe::narrow(rmpe::float_from_bits(payload), narrowed);
    EXPECT_TRUE(std::isnan(rmpe::widen(narrowed))) << payload;
  }
}

TYPED_TEST(SixteenBits, ArraysConvertAsTheirValuesDo) {
  const std::vector<TypeParam> patterns = every_pattern<TypeParam>();
  const std::vector<float> floats = interesting_floats<TypeParam>();
  for (int64_t size = 0; size < 70; size = size < 20 ? size + 1 : size + 7) {
    for (int64_t begin = 0; begin + size <= int64_t(patterns.size()); begin += 997) {
      // At the end of their memory.
      const std::vector<TypeParam> values(patterns.begin() + begin,
                                          patterns.begin() + begin + size);
      std::vector<float> widened_values(size), want_widened(size);
      rmpe::cpu::widen_all(values.data(), size, widened_values.data());
      for (int64_t i = 0; i < size; ++i) want_widened[i] = rmpe::widen(values[i]);
      expect_same(widened_values, want_widened);

      const std::vector<float> numbers(floats.begin() + begin, floats.begin() + begin + size);
      std::vector<TypeParam> narrowed(size), want_narrowed(size);
      rmpe::cpu::narrow_all(numbers.data(), size, narrowed.data());
      for (int64_t i = 0; i < size; ++i) rmpe::narrow(numbers[i], want_narrowed[i]);
      expect_same(narrowed, want_narrowed);
    }
  }
}

}  // namespace
