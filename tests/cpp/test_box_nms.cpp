#include "cpu/box_nms.h"
#include "crowd.h"
#include "oracles/pose_nms.h"
#include "values.h"

namespace {

template <typename T>
class BoxNMS : public ::testing::Test {};
TYPED_TEST_SUITE(BoxNMS, FloatingTypes);

TYPED_TEST(BoxNMS, EqualsTheOracle) {
  Random random(0);
  int rounds = 0, compared = 0, suppressed = 0;
  for (int64_t N = 0; N < 90; N += 1 + N / 8) {
    for (const double threshold : {0.0, 0.3, 0.7, 1.0}) {
      for (const bool spoiled : {false, true}) {
        Crowd<TypeParam> crowd(random, N, 1, random.whole(1, 4), true);
        for (int64_t i = 0; i < N; ++i) {  // one joint has no box worth the name
          const double side = random.uniform(-5, 80);
          crowd.boxes[4 * i + 2] += side;
          crowd.boxes[4 * i + 3] += side;
        }
        crowd.store();
        if (spoiled) crowd.spoil(random);
        const auto want = oracle::box_nms(crowd.boxes, crowd.poses.pose_scores, threshold,
                                          crowd.poses.image_index);
        const rmpe::cpu::Groups images = crowd.images();
        for (const int64_t size : {1, 8}) {
          const Kept got =
              suppress(N, images.count(), size,
                       [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                         rmpe::cpu::box_nms(crowd.box_values.data(), crowd.pose_scores.data(),
                                            threshold, images, begin, end, keep, suppressor);
                       });
          ++rounds;
          if (want.margin < (std::is_same_v<TypeParam, double> ? 1e-12 : 1e-5)) continue;
          ++compared;
          ASSERT_EQ(got.keep, want.keep);
          ASSERT_EQ(got.suppressor, want.suppressor);
          suppressed += int(std::count(got.keep.begin(), got.keep.end(), false));
        }
      }
    }
  }
  EXPECT_GT(compared, rounds * 3 / 4);
  EXPECT_GT(suppressed, 100);
}

TYPED_TEST(BoxNMS, BoxesWithoutAreaSuppressNone) {
  const std::vector<TypeParam> boxes{1, 1, 1, 1, 1, 1, 1, 1, 5, 5, 2, 2};
  const std::vector<TypeParam> scores{3, 2, 1};
  const rmpe::cpu::Groups images = rmpe::cpu::group_by(nullptr, 3);
  bool keep[3];
  int64_t suppressor[3];
  rmpe::cpu::box_nms(boxes.data(), scores.data(), 0.0, images, 0, 1, keep, suppressor);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(suppressor[i], i);
}

}  // namespace
