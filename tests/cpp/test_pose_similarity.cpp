#include "cpu/pose_similarity.h"
#include "crowd.h"
#include "oracles/pose_nms.h"
#include "pose_parameters.h"
#include "values.h"

namespace {

using rmpe::PoseNMSParameters;

template <typename T>
std::vector<T> similarity(const Crowd<T>& crowd, const PoseNMSParameters& parameters,
                          int64_t rows) {
  const int64_t N = crowd.poses.N;
  const std::vector<T> weights =
      rmpe::cpu::weights_or_nan(crowd.list(), crowd.box_values.data(), N, parameters);
  std::vector<T> matrix(N * N);
  in_ranges(N, rows, [&](int64_t begin, int64_t end) {
    rmpe::cpu::pose_similarity(crowd.list(), crowd.box_values.data(), weights.data(), N, parameters,
                               begin, end, matrix.data());
  });
  return matrix;
}

template <typename T>
class PoseSimilarity : public ::testing::Test {};
TYPED_TEST_SUITE(PoseSimilarity, FloatingTypes);

TYPED_TEST(PoseSimilarity, EqualsTheOracle) {
  Random random(0);
  for (const int64_t N : {0, 1, 7, 8, 9, 16, 17, 33}) {
    for (const PoseNMSParameters& parameters : all_parameters()) {
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

TYPED_TEST(PoseSimilarity, RangesGiveWhatOneRangeGives) {
  Random random(0);
  for (const PoseNMSParameters& parameters : all_parameters()) {
    Crowd<TypeParam> crowd(random, 70, 5, 1, false);
    crowd.spoil(random);
    const std::vector<TypeParam> whole = similarity(crowd, parameters, 70);
    for (const int64_t rows : {1, 2, 5, 8, 16, 32}) {
      expect_same(similarity(crowd, parameters, rows), whole);
    }
  }
}

// A box without extent makes nothing far, and nothing that is not a number.
TYPED_TEST(PoseSimilarity, ABoxWithoutExtentReachesOnlyWhatCoincides) {
  Random random(0);
  Crowd<TypeParam> crowd(random, 2, 4, 1, false);
  std::copy_n(crowd.poses.keypoints.begin(), 6, crowd.poses.keypoints.begin() + 8);
  crowd.poses.keypoints[14] = crowd.poses.keypoints[6] + 1.0;
  crowd.boxes = {9, 9, 3, 3, 5, 5, 5, 5};
  crowd.store();
  for (const bool squared : {false, true}) {
    PoseNMSParameters parameters;
    parameters.sigma2 = 2.0;
    parameters.squared = squared;
    parameters.box_unit = true;
    parameters.match_radius = 1.0;
    const std::vector<double> got = widened(similarity(crowd, parameters, 2));
    double weights = 0.0;
    for (int64_t n = 0; n < 3; ++n) {
      weights += std::tanh(crowd.poses.score(0, n)) * std::tanh(crowd.poses.score(1, n));
    }
    EXPECT_NEAR(got[1], weights + 3.0, 1e-5);
    EXPECT_NEAR(got[2], weights + 3.0, 1e-5);
  }
}

}  // namespace
