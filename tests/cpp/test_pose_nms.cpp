#include "cpu/pose_nms.h"
#include "crowd.h"
#include "oracles/pose_nms.h"
#include "values.h"

namespace {

using rmpe::PoseNMSParameters;

// Forms that the method exists in: the paper's, the two that its authors released, and rules that
// only one of the bounds or none decides. sigma1, sigma2, lam, eta, squared, box_unit, match_box,
// match_radius, near_joints, near_radius, near_box.
const PoseNMSParameters kVariants[] = {
    {0.3, 100.0, 1.0, 2.5, true, false, 0.1, -1.0, 0, 0.0, 0.0},
    {0.01, 2.08, 2.08, 6.0, false, true, -1.0, 1.0, 0, 0.0, 0.0},
    {1.0, 2.65, 1.7, 5.0, false, false, -1.0, 1.0, 3, 7.0, 0.1},
    {0.5, 0.4, 1.0, 2.0, true, true, 0.1, 2.0, 2, 5.0, 0.2},
    {0.5, 10.0, -0.5, 1.0, false, false, -1.0, -1.0, 0, 0.0, 0.0}};

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
std::vector<T> similarity(const Crowd<T>& crowd, const PoseNMSParameters& parameters,
                          int64_t rows) {
  const int64_t N = crowd.poses.N;
  std::vector<T> matrix(N * N);
  in_ranges(N, rows, [&](int64_t begin, int64_t end) {
    rmpe::cpu::pose_similarity(crowd.list(), crowd.box_values.data(), N, parameters, begin, end,
                               matrix.data());
  });
  return matrix;
}

template <typename T>
class PoseNMS : public ::testing::Test {};
TYPED_TEST_SUITE(PoseNMS, FloatingTypes);

TYPED_TEST(PoseNMS, EqualsTheOracle) {
  Random random(0);
  int rounds = 0, compared = 0, suppressed = 0;
  for (int64_t N = 0; N < 90; N += 1 + N / 6) {
    for (const PoseNMSParameters& parameters : kVariants) {
      for (int round = 0; round < 6; ++round) {
        Crowd<TypeParam> crowd(random, N, random.whole(1, 7), random.whole(1, 4), round % 2);
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

TYPED_TEST(PoseNMS, SimilarityEqualsTheOracle) {
  Random random(0);
  for (const int64_t N : {0, 1, 7, 8, 9, 16, 17, 33}) {
    for (const PoseNMSParameters& parameters : kVariants) {
      Crowd<TypeParam> crowd(random, N, 5, 1, false);
      if (N % 2) crowd.spoil(random);
      const std::vector<double> got = widened(similarity(crowd, parameters, N));
      for (int64_t i = 0; i < N; ++i) {
        for (int64_t j = 0; j < N; ++j) {
          bool finite = true;
          for (const int64_t pose : {i, j}) {
            finite = finite && oracle::all_finite(crowd.boxes.data() + 4 * pose, 4) &&
                     !std::isnan(oracle::order_of(crowd.poses, pose));
          }
          const auto want =
              oracle::pose_similarity(crowd.poses, crowd.boxes.data(), i, j, parameters);
          if (!finite) {
            ASSERT_TRUE(std::isnan(got[i * N + j]));
          } else if (want.margin > kMargin<TypeParam>) {
            // Coordinates of 400 pixels, of which a squared distance has twice the rounding.
            ASSERT_NEAR(got[i * N + j], want.d, 2e4 * kSpacing<TypeParam>);
          }
        }
      }
    }
  }
}

TYPED_TEST(PoseNMS, RangesGiveWhatOneRangeGives) {
  Random random(0);
  for (const PoseNMSParameters& parameters : kVariants) {
    const Crowd<TypeParam> crowd(random, 70, 5, 9, false);
    const Kept whole = pose_nms(crowd, parameters, 9);
    const std::vector<TypeParam> matrix = similarity(crowd, parameters, 70);
    for (const int64_t size : {1, 2, 5}) {
      const Kept split = pose_nms(crowd, parameters, size);
      EXPECT_EQ(split.keep, whole.keep);
      EXPECT_EQ(split.suppressor, whole.suppressor);
      expect_same(similarity(crowd, parameters, size), matrix);
    }
  }
}

TYPED_TEST(PoseNMS, OfEqualPosesTheFirstIsKept) {
  Random random(0);
  for (const PoseNMSParameters& parameters : {kVariants[0], kVariants[2]}) {
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
  PoseNMSParameters parameters = kVariants[0];
  parameters.sigma2 = 1e9;  // all poses are alike
  const Kept got = pose_nms(crowd, parameters, 1);
  EXPECT_TRUE(got.keep[1]);
  EXPECT_EQ(got.suppressor[1], 1);
  EXPECT_EQ(got.suppressor[0], got.suppressor[2]);
  EXPECT_NE(got.suppressor[0], 1);
}

// A box without extent makes nothing far, and nothing that is not a number.
TYPED_TEST(PoseNMS, ABoxWithoutExtentReachesOnlyWhatCoincides) {
  Random random(0);
  Crowd<TypeParam> crowd(random, 2, 4, 1, false);
  std::copy_n(crowd.poses.keypoints.begin(), 6, crowd.poses.keypoints.begin() + 8);
  crowd.poses.keypoints[14] = crowd.poses.keypoints[6] + 1.0;
  crowd.boxes = {9, 9, 3, 3, 5, 5, 5, 5};
  crowd.store();
  for (const bool squared : {false, true}) {
    const PoseNMSParameters parameters{1.0, 2.0, 1.0, 0.0, squared, true, -1.0, 1.0, 0, 0.0, 0.0};
    const std::vector<double> got = widened(similarity(crowd, parameters, 2));
    double weights = 0.0;
    for (int64_t n = 0; n < 3; ++n) {
      weights += std::tanh(crowd.poses.score(0, n)) * std::tanh(crowd.poses.score(1, n));
    }
    EXPECT_NEAR(got[1], weights + 3.0, 1e-5);
    EXPECT_NEAR(got[2], weights + 3.0, 1e-5);
  }
}

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
