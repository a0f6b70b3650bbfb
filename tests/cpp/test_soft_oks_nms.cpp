#include "cpu/soft_oks_nms.h"
#include "crowd.h"
#include "oracles/oks_nms.h"
#include "values.h"

namespace {

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
                                         crowd.sigma_values.data(), {threshold, max_kept}, images,
                                         begin, end, keep, kept.pose_scores.data(), rank);
               });
  kept.keep = ranks.keep;
  kept.rank = ranks.suppressor;
  return kept;
}

template <typename T>
class SoftOksNMS : public ::testing::Test {};
TYPED_TEST_SUITE(SoftOksNMS, FloatingTypes);

TYPED_TEST(SoftOksNMS, EqualsTheOracle) {
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

TYPED_TEST(SoftOksNMS, RangesGiveWhatOneRangeGives) {
  Random random(0);
  const Crowd<TypeParam> crowd(random, 80, 6, 9, false);
  const SoftKept<TypeParam> whole = soft_oks_nms(crowd, 0.5, 4, 9);
  for (const int64_t size : {1, 2, 5}) {
    const SoftKept<TypeParam> split = soft_oks_nms(crowd, 0.5, 4, size);
    EXPECT_EQ(split.keep, whole.keep);
    EXPECT_EQ(split.rank, whole.rank);
    expect_same(split.pose_scores, whole.pose_scores);
  }
}

}  // namespace
