#include <algorithm>

#include "cpu/peak.h"
#include "values.h"

namespace {

template <typename T>
class FindPeak : public ::testing::Test {};
TYPED_TEST_SUITE(FindPeak, FloatingTypes);

// Sizes around every block and vector that the search is made of.
const std::vector<int64_t> kSizes{1,  2,   3,   4,   7,   8,   15,  16,  17,  31,  63,  64,
                                  65, 127, 128, 129, 191, 255, 256, 257, 300, 511, 512, 3072};

template <typename T>
void expect_peak(const std::vector<T>& values, int64_t index) {
  const int64_t size = int64_t(values.size());
  // What this processor takes, and what one without wider vectors does.
  for (const rmpe::cpu::Peak<T>& peak : {rmpe::cpu::find_peak(values.data(), size),
                                         rmpe::cpu::first_maximum<16>(values.data(), size)}) {
    ASSERT_EQ(peak.index, index) << "of " << size;
    expect_same<T>({peak.value}, {values[index]});
  }
}

TYPED_TEST(FindPeak, FindsTheFirstOfTheLargest) {
  Random random(0);
  for (const int64_t size : kSizes) {
    for (const int64_t levels : {1, 3, 1000}) {
      std::vector<TypeParam> values(size);
      for (TypeParam& value : values) value = TypeParam(random.whole(-levels, 0));
      expect_peak(values, std::max_element(values.begin(), values.end()) - values.begin());
    }
  }
}

TYPED_TEST(FindPeak, FindsALargestAnywhere) {
  for (const int64_t size : {1, 65, 257}) {
    for (int64_t place = 0; place < size; ++place) {
      std::vector<TypeParam> values(size, TypeParam(-1));
      values[place] = TypeParam(2);
      expect_peak(values, place);
    }
  }
}

TYPED_TEST(FindPeak, FindsANanAnywhere) {
  for (const int64_t size : {1, 65, 257}) {
    for (int64_t place = 0; place < size; ++place) {
      std::vector<TypeParam> values(size, TypeParam(1));
      values[size - 1] = infinity<TypeParam>();
      values[place] = nan<TypeParam>();
      expect_peak(values, place);
    }
  }
}

TYPED_TEST(FindPeak, InfinitiesAreValuesLikeOthers) {
  const TypeParam inf = infinity<TypeParam>();
  for (const int64_t size : kSizes) {
    expect_peak(std::vector<TypeParam>(size, -inf), 0);
    expect_peak(std::vector<TypeParam>(size, inf), 0);
    std::vector<TypeParam> both(size, -inf);
    both[size / 2] = inf;
    expect_peak(both, size / 2);
  }
}

TYPED_TEST(FindPeak, SumsThatOverflowAreNoNan) {
  const TypeParam huge = std::numeric_limits<TypeParam>::max();
  for (const int64_t size : kSizes) {
    std::vector<TypeParam> values(size, -huge);
    for (int64_t i = 1; i < size; i += 2) values[i] = huge;
    expect_peak(values, size > 1 ? 1 : 0);
  }
}

}  // namespace
