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
struct SoftKept {
  std::vector<bool> keep;
  std::vector<T> pose_scores;
  std::vector<int64_t> rank;
};

template <typename T>
SoftKept<T> soft_oks_nms(const Crowd<T>& crowd, double threshold, int64_t max_kept, int64_t size) {
  const rmpe::cpu::Groups images = crowd.images();
  SoftKept<T> kept;
  kept.pose_scores.resize(crowd.poses.N);
  const Kept ranks =
      suppress(crowd.poses.N, images.count(), size,
               [&](int64_t begin, int64_t end, bool* keep, int64_t* rank) {
                 rmpe::cpu::soft_oks_nms(crowd.list(), crowd.area_values.data(),
                                         crowd.sigma_values.data(), threshold, max_kept, images,
                                         begin, end, keep, kept.pose_scores.data(), rank);
               });
  kept.keep = ranks.keep;
  kept.rank = ranks.suppressor;
  return kept;
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

TYPED_TEST(OksNMS, SoftEqualsTheOracle) {
  Random random(0);
  int rounds = 0, compared = 0;
  for (int64_t N = 0; N < 70; N += 1 + N / 8) {
    for (const double threshold : {0.3, 0.9}) {
      for (const int64_t max_kept : {0, 1, 5, 100}) {
        for (const bool spoiled : {false, true}) {
          Crowd<TypeParam> crowd(random, N, random.whole(1, 17), random.whole(1, 3), spoiled);
          if (spoiled) crowd.spoil(random);
          const auto want = oracle::soft_oks_nms(crowd.poses, crowd.areas.data(),
                                                 crowd.sigmas.data(), threshold, max_kept);
          const SoftKept<TypeParam> got = soft_oks_nms(crowd, threshold, max_kept, 4);
          ++rounds;
          if (want.margin < (std::is_same_v<TypeParam, double> ? 1e-11 : 1e-5)) continue;
          ++compared;
          ASSERT_EQ(got.keep, want.keep);
          ASSERT_EQ(got.rank, want.rank);
          expect_near(widened(got.pose_scores), want.pose_scores, 400 * kSpacing<TypeParam>);
        }
      }
    }
  }
  EXPECT_GT(compared, rounds / 2);
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
  const SoftKept<TypeParam> soft = soft_oks_nms(crowd, 0.5, 4, 9);
  for (const int64_t size : {1, 2, 5}) {
    const Kept split = oks_nms(crowd, 0.5, size);
    EXPECT_EQ(split.keep, whole.keep);
    EXPECT_EQ(split.suppressor, whole.suppressor);
    const SoftKept<TypeParam> soft_split = soft_oks_nms(crowd, 0.5, 4, size);
    EXPECT_EQ(soft_split.keep, soft.keep);
    EXPECT_EQ(soft_split.rank, soft.rank);
    expect_same(soft_split.pose_scores, soft.pose_scores);
  }
}

}  // namespace
