#include "cpu/merge_poses.h"
#include "crowd.h"
#include "oracles/merge_poses.h"
#include "pose_parameters.h"
#include "values.h"

namespace {

using rmpe::MergeParameters;

const MergeParameters kParameters = merge_parameters(0.1, 15.0, 0.3, 1e-5);

template <typename T>
struct Merged {
  std::vector<T> keypoints, scores;
  std::vector<bool> keep;
};

// In ranges of so many groups.
template <typename T>
Merged<T> merge_poses(const Crowd<T>& crowd, const std::vector<int64_t>& suppressor,
                      const MergeParameters& parameters, int64_t size) {
  const int64_t N = crowd.poses.N, K = crowd.poses.K;
  const rmpe::cpu::Groups groups = rmpe::cpu::group_by(suppressor.data(), N);
  const std::unique_ptr<bool[]> keep(new bool[N]);
  Merged<T> merged;
  merged.keypoints.resize(2 * N * K);
  merged.scores.resize(N * K);
  in_ranges(groups.count(), size, [&](int64_t begin, int64_t end) {
    rmpe::cpu::merge_poses(crowd.keypoints.data(), crowd.scores.data(), crowd.box_values.data(),
                           suppressor.data(), N, K, parameters, groups, begin, end,
                           merged.keypoints.data(), merged.scores.data(), keep.get());
  });
  merged.keep.assign(keep.get(), keep.get() + N);
  return merged;
}

// Every pose belongs to an earlier one that is kept, or to itself.
std::vector<int64_t> random_suppressor(Random& random, int64_t N) {
  std::vector<int64_t> suppressor(N);
  for (int64_t i = 0; i < N; ++i) {
    suppressor[i] = i > 0 && !random.one_in(3) ? suppressor[random.whole(0, i - 1)] : i;
  }
  return suppressor;
}

template <typename T>
class MergePoses : public ::testing::Test {};
TYPED_TEST_SUITE(MergePoses, FloatingTypes);

TYPED_TEST(MergePoses, EqualsTheOracle) {
  Random random(0);
  int rounds = 0, compared = 0;
  for (int64_t N = 0; N < 60; N += 1 + N / 8) {
    for (int round = 0; round < 12; ++round) {
      Crowd<TypeParam> crowd(random, N, random.whole(1, 9), 1, false);
      // Scores of 0 and less, which count as zero_score.
      for (double& score : crowd.poses.scores) {
        if (random.one_in(6)) score = random.one_in(2) ? 0.0 : -0.5;
      }
      crowd.store();
      if (round % 3 == 0) crowd.spoil(random);
      const std::vector<int64_t> suppressor = random_suppressor(random, N);
      const MergeParameters parameters = merge_parameters(
          random.uniform(0.02, 0.5), random.uniform(1, 30), random.uniform(0.0, 0.9), 1e-5);
      const auto want =
          oracle::merge_poses(crowd.poses, crowd.boxes.data(), suppressor.data(), parameters);
      const Merged<TypeParam> got = merge_poses(crowd, suppressor, parameters, N + 1);
      ++rounds;
      if (want.margin < kMargin<TypeParam>) continue;
      ++compared;
      ASSERT_EQ(got.keep, want.keep);
      expect_near(widened(got.keypoints), want.keypoints, 1e3 * kSpacing<TypeParam>);
      expect_near(widened(got.scores), want.scores, 16 * kSpacing<TypeParam>);
    }
  }
  EXPECT_GT(compared, rounds / 2);
}

TYPED_TEST(MergePoses, APoseThatRemovedNoneKeepsItsValuesToTheLastBit) {
  Random random(0);
  const Crowd<TypeParam> crowd(random, 30, 5, 1, false);
  std::vector<int64_t> own(30);
  for (int64_t i = 0; i < 30; ++i) own[i] = i;
  const Merged<TypeParam> got = merge_poses(crowd, own, kParameters, 30);
  expect_same(got.keypoints, crowd.keypoints);
  expect_same(got.scores, crowd.scores);
}

// No suppression gives these, and none of them may be followed.
TYPED_TEST(MergePoses, ASuppressorThatIsNotKeptDropsWhatItNames) {
  Random random(0);
  const Crowd<TypeParam> crowd(random, 6, 3, 1, false);
  const std::vector<int64_t> suppressor{1, 2, 0, -1, 6, INT64_MIN};
  const Merged<TypeParam> got = merge_poses(crowd, suppressor, kParameters, 6);
  EXPECT_EQ(got.keep, std::vector<bool>(6, false));
  expect_same(got.keypoints, crowd.keypoints);
  expect_same(got.scores, crowd.scores);
}

TYPED_TEST(MergePoses, RangesOfGroupsGiveWhatOneRangeGives) {
  Random random(0);
  const Crowd<TypeParam> crowd(random, 50, 5, 1, false);
  const std::vector<int64_t> suppressor = random_suppressor(random, 50);
  const Merged<TypeParam> whole = merge_poses(crowd, suppressor, kParameters, 50);
  for (const int64_t size : {1, 2, 7}) {
    const Merged<TypeParam> split = merge_poses(crowd, suppressor, kParameters, size);
    EXPECT_EQ(split.keep, whole.keep);
    expect_same(split.keypoints, whole.keypoints);
    expect_same(split.scores, whole.scores);
  }
}

}  // namespace
