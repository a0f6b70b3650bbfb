#include "cpu/oks_nms.h"
#include "crowd.h"
#include "oracles/oks_nms.h"
#include "values.h"

namespace {

template <typename T>
Kept oks_nms(const Crowd<T>& crowd, double threshold, int64_t size) {
  const rmpe::cpu::Groups images = crowd.images();
  return suppress(crowd.poses.N, images.count(), size,
                  [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                    rmpe::cpu::oks_nms(crowd.list(), crowd.area_values.data(),
                                       crowd.sigma_values.data(), threshold, images, begin, end,
                                       keep, suppressor);
                  });
}

template <typename T>
class OksNMS : public ::testing::Test {};
TYPED_TEST_SUITE(OksNMS, FloatingTypes);

TYPED_TEST(OksNMS, EqualsTheOracle) {
  Random random(0);
  int rounds = 0, compared = 0, suppressed = 0;
  for (int64_t N = 0; N < 90; N += 1 + N / 8) {
    for (const double threshold : {0.2, 0.5, 0.9}) {
      for (int round = 0; round < 4; ++round) {
        Crowd<TypeParam> crowd(random, N, random.whole(1, 17), random.whole(1, 4), round % 2);
        if (round == 3) crowd.spoil(random);
        if (round == 2) crowd.areas.assign(N, -1.0);
        crowd.store();
        const auto want =
            oracle::oks_nms(crowd.poses, crowd.areas.data(), crowd.sigmas.data(), threshold);
        const Kept got = oks_nms(crowd, threshold, 4);
        ++rounds;
        if (want.margin < (std::is_same_v<TypeParam, double> ? 1e-11 : 1e-4)) continue;
        ++compared;
        ASSERT_EQ(got.keep, want.keep);
        ASSERT_EQ(got.suppressor, want.suppressor);
        suppressed += int(std::count(got.keep.begin(), got.keep.end(), false));
      }
    }
  }
  EXPECT_GT(compared, rounds * 3 / 4);
  EXPECT_GT(suppressed, 100);
}

TYPED_TEST(OksNMS, PosesThatCoincideHaveOneWhateverTheirSize) {
  Random random(0);
  for (const double area : {0.0, 1e-30, 1e30}) {
    for (const double sigma : {0.0, 1e-20, 1e20}) {
      Crowd<TypeParam> crowd(random, 1, 3, 1, false);
      for (auto* values : {&crowd.poses.keypoints, &crowd.poses.scores, &crowd.boxes}) {
        const std::vector<double> one = *values;
        values->insert(values->end(), one.begin(), one.end());
      }
      crowd.poses.N = 2;
      crowd.poses.image_index = {0, 0};
      crowd.areas = {area, area};
      crowd.sigmas.assign(3, sigma);
      crowd.store();
      EXPECT_EQ(oks_nms(crowd, 0.999, 1).suppressor, (std::vector<int64_t>{0, 0}));
    }
  }
}

TYPED_TEST(OksNMS, RangesGiveWhatOneRangeGives) {
  Random random(0);
  const Crowd<TypeParam> crowd(random, 80, 6, 9, false);
  const Kept whole = oks_nms(crowd, 0.5, 9);
  for (const int64_t size : {1, 2, 5}) {
    const Kept split = oks_nms(crowd, 0.5, size);
    EXPECT_EQ(split.keep, whole.keep);
    EXPECT_EQ(split.suppressor, whole.suppressor);
  }
}

}  // namespace
