#include "core/exp.h"
#include "values.h"

namespace {

template <typename T>
class Exp : public ::testing::Test {};
TYPED_TEST_SUITE(Exp, FloatingTypes);

TYPED_TEST(Exp, IsExactToTwoLastPlaces) {
  Random random(0);
  const double lowest = rmpe::ExpTraits<TypeParam>::kLowest;
  for (int i = 0; i < 200000; ++i) {
    const double range = i % 2 ? lowest : -1.0;
    const TypeParam x = TypeParam(random.uniform(range, 0.0));
    const double want = std::exp(double(x));
    const TypeParam nearest = TypeParam(want);
    const double place = nearest - std::nextafter(nearest, TypeParam(0));
    ASSERT_NEAR(double(rmpe::exp_nonpositive(x)), want, 2 * place) << x;
  }
}

TYPED_TEST(Exp, OfZeroIsOne) {
  EXPECT_EQ(rmpe::exp_nonpositive(TypeParam(0)), TypeParam(1));
  EXPECT_EQ(rmpe::exp_nonpositive(TypeParam(-0.0)), TypeParam(1));
}

TYPED_TEST(Exp, IsZeroBelowItsRange) {
  const TypeParam lowest = rmpe::ExpTraits<TypeParam>::kLowest;
  EXPECT_GT(rmpe::exp_nonpositive(lowest), TypeParam(0));
  for (const TypeParam x : {std::nextafter(lowest, -infinity<TypeParam>()), TypeParam(-1e30),
                            std::numeric_limits<TypeParam>::lowest(), -infinity<TypeParam>()}) {
    EXPECT_EQ(rmpe::exp_nonpositive(x), TypeParam(0)) << x;
  }
}

TYPED_TEST(Exp, OfNanIsNan) {
  EXPECT_TRUE(std::isnan(rmpe::exp_nonpositive(nan<TypeParam>())));
  EXPECT_TRUE(std::isnan(rmpe::tanh_by_exp(nan<TypeParam>())));
}

TYPED_TEST(Exp, TanhIsExactToTwoLastPlacesOfOne) {
  Random random(0);
  for (int i = 0; i < 200000; ++i) {
    const TypeParam x = TypeParam(random.uniform(-1.0, 1.0) * (i % 2 ? 1.0 : 30.0));
    ASSERT_NEAR(double(rmpe::tanh_by_exp(x)), std::tanh(double(x)), 2 * kSpacing<TypeParam>) << x;
  }
}

TYPED_TEST(Exp, TanhIsOddAndEndsAtOne) {
  for (const TypeParam x : {TypeParam(0), TypeParam(1e-20), TypeParam(0.3), TypeParam(50),
                            TypeParam(1e30), infinity<TypeParam>()}) {
    EXPECT_EQ(rmpe::tanh_by_exp(-x), -rmpe::tanh_by_exp(x)) << x;
  }
  EXPECT_EQ(rmpe::tanh_by_exp(infinity<TypeParam>()), TypeParam(1));
}

}  // namespace
