#include "cpu/nearby_joints_nms.h"
#include "crowd.h"
#include "oracles/nearby_joints_nms.h"
#include "values.h"

namespace {

template <typename T>
Kept nearby_joints_nms(const Crowd<T>& crowd, double distance, int64_t max_near, int64_t size) {
  const rmpe::cpu::Groups images = crowd.images();
  return suppress(crowd.poses.N, images.count(), size,
                  [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                    rmpe::cpu::nearby_joints_nms(crowd.list(), {distance, max_near}, images, begin,
                                                 end, keep, suppressor);
                  });
}

template <typename T>
class NearbyJointsNMS : public ::testing::Test {};
TYPED_TEST_SUITE(NearbyJointsNMS, FloatingTypes);

TYPED_TEST(NearbyJointsNMS, EqualsTheOracle) {
  Random random(0);
  int rounds = 0, compared = 0, suppressed = 0;
  for (int64_t N = 0; N < 60; N += 1 + N / 8) {
    for (const double distance : {0.0, 0.05, 0.5}) {
      for (int round = 0; round < 6; ++round) {
        Crowd<TypeParam> crowd(random, N, random.whole(1, 9), random.whole(1, 4), round % 2);
        if (round % 3 == 0) crowd.spoil(random);
        const int64_t max_near = random.whole(0, crowd.poses.K);
        const auto want = oracle::nearby_joints_nms(crowd.poses, distance, max_near);
        const Kept got = nearby_joints_nms(crowd, distance, max_near, 4);
        ++rounds;
        if (want.margin < kMargin<TypeParam>) continue;
        ++compared;
        ASSERT_EQ(got.keep, want.keep);
        ASSERT_EQ(got.suppressor, want.suppressor);
        suppressed += int(std::count(got.keep.begin(), got.keep.end(), false));
      }
    }
  }
  EXPECT_GT(compared, rounds / 2);
  EXPECT_GT(suppressed, 100);
}

TYPED_TEST(NearbyJointsNMS, RangesGiveWhatOneRangeGives) {
  Random random(0);
  const Crowd<TypeParam> crowd(random, 80, 6, 9, false);
  const Kept whole = nearby_joints_nms(crowd, 0.1, 3, 9);
  for (const int64_t size : {1, 2, 5}) {
    const Kept split = nearby_joints_nms(crowd, 0.1, 3, size);
    EXPECT_EQ(split.keep, whole.keep);
    EXPECT_EQ(split.suppressor, whole.suppressor);
  }
}

}  // namespace
