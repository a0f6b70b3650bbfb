#include "cpu/nearby_joints_nms.h"
#include "crowd.h"
#include "oracles/nearby_joints_nms.h"
#include "values.h"

namespace {

using rmpe::NearbyJointsParameters;

template <typename T>
Kept nearby_joints_nms(const Crowd<T>& crowd, const NearbyJointsParameters& parameters,
                       int64_t size) {
  const rmpe::cpu::Groups images = crowd.images();
  return suppress(crowd.poses.N, images.count(), size,
                  [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                    rmpe::cpu::nearby_joints_nms(crowd.list(), parameters, images, begin, end, keep,
                                                 suppressor);
                  });
}

template <typename T>
class NearbyJointsNMS : public ::testing::Test {};
TYPED_TEST_SUITE(NearbyJointsNMS, FloatingTypes);

TYPED_TEST(NearbyJointsNMS, EqualsTheOracle) {
  Random random(0);
  int rounds = 0, compared = 0, suppressed = 0;
  for (int64_t N = 0; N < 60; N += 1 + N / 8) {
    for (int round = 0; round < 18; ++round) {
      Crowd<TypeParam> crowd(random, N, random.whole(1, 9), random.whole(1, 4), round % 2);
      if (round % 3 == 0) crowd.spoil(random);
      const NearbyJointsParameters parameters = oracle::draw_nearby_joints(random, crowd.poses.K);
      const auto want = oracle::nearby_joints_nms(crowd.poses, parameters);
      const Kept got = nearby_joints_nms(crowd, parameters, 4);
      ++rounds;
      if (want.margin < kMargin<TypeParam>) continue;
      ++compared;
      ASSERT_EQ(got.keep, want.keep);
      ASSERT_EQ(got.suppressor, want.suppressor);
      suppressed += int(std::count(got.keep.begin(), got.keep.end(), false));
    }
  }
  EXPECT_GT(compared, rounds / 2);
  EXPECT_GT(suppressed, 100);
}

TYPED_TEST(NearbyJointsNMS, RangesGiveWhatOneRangeGives) {
  Random random(0);
  const Crowd<TypeParam> crowd(random, 80, 6, 9, false);
  for (int round = 0; round < 4; ++round) {
    const NearbyJointsParameters parameters = oracle::draw_nearby_joints(random, 6);
    const Kept whole = nearby_joints_nms(crowd, parameters, 9);
    for (const int64_t size : {1, 2, 5}) {
      const Kept split = nearby_joints_nms(crowd, parameters, size);
      EXPECT_EQ(split.keep, whole.keep);
      EXPECT_EQ(split.suppressor, whole.suppressor);
    }
  }
}

}  // namespace
