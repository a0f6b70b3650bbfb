#include "cpu/pose_nms.h"
#include "crowd.h"
#include "oracles/pose_nms.h"
#include "pose_parameters.h"
#include "values.h"

namespace {

using rmpe::PoseNMSParameters;

template <typename T>
Kept pose_nms(const Crowd<T>& crowd, const PoseNMSParameters& parameters, int64_t size) {
  const rmpe::cpu::Groups images = crowd.images();
  return suppress(crowd.poses.N, images.count(), size,
                  [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                    rmpe::cpu::pose_nms(crowd.list(), crowd.box_values.data(), parameters, images,
                                        begin, end, keep, suppressor);
                  });
}

template <typename T>
class PoseNMS : public ::testing::Test {};
TYPED_TEST_SUITE(PoseNMS, FloatingTypes);

TYPED_TEST(PoseNMS, EqualsTheOracle) {
  Random random(0);
  int rounds = 0, compared = 0, suppressed = 0;
  for (int64_t N = 0; N < 90; N += 1 + N / 6) {
    for (const PoseNMSParameters& preset : all_parameters()) {
      for (int round = 0; round < 6; ++round) {
        const int64_t K = random.whole(1, 7);
        const PoseNMSParameters parameters = for_joints(preset, K);
        Crowd<TypeParam> crowd(random, N, K, random.whole(1, 4), round % 2);
        if (round % 3 == 0) crowd.spoil(random);
        const auto want = oracle::pose_nms(crowd.poses, crowd.boxes.data(), parameters);
        const Kept got = pose_nms(crowd, parameters, 8);
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
  EXPECT_GT(suppressed, 50);
}

TYPED_TEST(PoseNMS, RangesGiveWhatOneRangeGives) {
  Random random(0);
  for (const PoseNMSParameters& preset : all_parameters()) {
    const PoseNMSParameters parameters = for_joints(preset, 5);
    const Crowd<TypeParam> crowd(random, 70, 5, 9, false);
    const Kept whole = pose_nms(crowd, parameters, 9);
    for (const int64_t size : {1, 2, 5}) {
      const Kept split = pose_nms(crowd, parameters, size);
      EXPECT_EQ(split.keep, whole.keep);
      EXPECT_EQ(split.suppressor, whole.suppressor);
    }
  }
}

TYPED_TEST(PoseNMS, OfEqualPosesTheFirstIsKept) {
  Random random(0);
  for (const PoseNMSParameters& parameters : {paper_preset(), alphapose_preset()}) {
    Crowd<TypeParam> crowd(random, 1, 17, 1, false);
    const int64_t copies = 40;
    const auto repeat = [&](auto& values) {
      const auto one = values;
      for (int64_t i = 1; i < copies; ++i) values.insert(values.end(), one.begin(), one.end());
    };
    for (auto* values : {&crowd.poses.keypoints, &crowd.poses.scores, &crowd.boxes, &crowd.areas}) {
      repeat(*values);
    }
    repeat(crowd.poses.image_index);
    crowd.poses.N = copies;
    crowd.store();
    const Kept got = pose_nms(crowd, parameters, 1);
    EXPECT_EQ(got.suppressor, std::vector<int64_t>(copies, 0));
  }
}

TYPED_TEST(PoseNMS, APoseThatIsNotFiniteStaysAndSuppressesNone) {
  Random random(0);
  Crowd<TypeParam> crowd(random, 3, 4, 1, false);
  std::copy_n(crowd.poses.keypoints.begin(), 8, crowd.poses.keypoints.begin() + 8);
  crowd.poses.keypoints[9] = nan<double>();
  crowd.store();
  PoseNMSParameters parameters = for_joints(paper_preset(), 4);
  parameters.sigma2 = 1e9;  // all poses are alike
  const Kept got = pose_nms(crowd, parameters, 1);
  EXPECT_TRUE(got.keep[1]);
  EXPECT_EQ(got.suppressor[1], 1);
  EXPECT_EQ(got.suppressor[0], got.suppressor[2]);
  EXPECT_NE(got.suppressor[0], 1);
}

}  // namespace
