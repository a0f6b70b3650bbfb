#include "cpu/merge_poses.h"
#include "cuda/merge_poses.h"
#include "oracles/merge_poses.h"
#include "pose_parameters.h"
#include "schedules.h"
#include "suppression.h"

namespace {

using rmpe::MergeParameters;

template <typename T>
struct Merged {
  std::vector<T> keypoints, scores;
  Flags keep;

  Merged(int64_t N, int64_t K) : keypoints(N * K * 2, T(-7)), scores(N * K, T(-7)), keep(N) {}
};

template <typename T>
Merged<T> merge_poses(const Crowd<T>& crowd, const std::vector<int64_t>& suppressor,
                      const MergeParameters& parameters) {
  const int64_t N = crowd.poses.N, K = crowd.poses.K;
  Merged<T> merged(N, K);
  const ScratchMemory scratch(rmpe::cuda::merge_poses_scratch_bytes(N));
  rmpe::cuda::launch_merge_poses(crowd.keypoints.data(), crowd.scores.data(),
                                 crowd.box_values.data(), suppressor.data(), N, K, parameters,
                                 scratch.data.get(), nullptr, merged.keypoints.data(),
                                 merged.scores.data(), merged.keep.data());
  return merged;
}

template <typename T>
void expect_merge_poses(const Crowd<T>& crowd, const std::vector<int64_t>& suppressor,
                        const MergeParameters& parameters) {
  const int64_t N = crowd.poses.N, K = crowd.poses.K;
  Merged<T> want(N, K);
  const rmpe::cpu::Groups groups = rmpe::cpu::group_by(suppressor.data(), N);
  rmpe::cpu::merge_poses(crowd.keypoints.data(), crowd.scores.data(), crowd.box_values.data(),
                         suppressor.data(), N, K, parameters, groups, 0, groups.count(),
                         want.keypoints.data(), want.scores.data(), want.keep.data());
  const Merged<T> merged = merge_poses(crowd, suppressor, parameters);
  expect_same(merged.keypoints, want.keypoints);
  expect_same(merged.scores, want.scores);
  EXPECT_EQ(merged.keep.values, want.keep.values);
}

// One pose in four is kept; what an earlier or later one of them removed belongs to it.
std::vector<int64_t> random_suppressor(Random& random, int64_t N) {
  std::vector<int64_t> suppressor(N);
  for (int64_t i = 0; i < N; ++i) {
    suppressor[i] = i % 4 == 0 ? i : random.whole(0, N - 1) / 4 * 4;
  }
  return suppressor;
}

// Scores of 0 and less, which count as zero_score.
template <typename T>
void lower_scores(Random& random, Crowd<T>& crowd) {
  for (double& score : crowd.poses.scores) {
    if (random.one_in(6)) score = random.one_in(2) ? 0.0 : -0.5;
  }
  crowd.store();
}

template <typename T>
class CudaMergePoses : public ::testing::Test {};
TYPED_TEST_SUITE(CudaMergePoses, FloatingTypes);

// Up to more joints than a warp has lanes, and more poses than a block has threads.
TYPED_TEST(CudaMergePoses, EqualsTheCpu) {
  Random random(0);
  for (const int64_t N : {0, 1, 2, 7, 8, 9, 65, 260}) {
    for (const int64_t K : {1, 17, 32, 33, 70}) {
      if (N == 260 && K != 17) continue;
      Crowd<TypeParam> crowd(random, N, K, 1, false);
      lower_scores(random, crowd);
      const std::vector<int64_t> suppressor = random_suppressor(random, N);
      expect_merge_poses(crowd, suppressor, merge_parameters(0.3, 30.0, 0.3, 1e-5));
      crowd.spoil(random);
      expect_merge_poses(crowd, suppressor, merge_parameters(1.0, 100.0, 0.8, 0.5));
    }
  }
}

TYPED_TEST(CudaMergePoses, OrderOfTheThreadsDoesNotMatter) {
  Random random(1);
  const Crowd<TypeParam> crowd(random, 150, 5, 1, false);
  const std::vector<int64_t> suppressor = random_suppressor(random, crowd.poses.N);
  for_each_schedule(
      [&] { expect_merge_poses(crowd, suppressor, merge_parameters(1.0, 100.0, 0.3, 1e-5)); });
}

TYPED_TEST(CudaMergePoses, OneThatRemovedAllOthersEqualsTheCpu) {
  Random random(2);
  const Crowd<TypeParam> crowd(random, 1030, 2, 1, false);
  expect_merge_poses(crowd, std::vector<int64_t>(crowd.poses.N, 123),
                     merge_parameters(1.0, 300.0, 0.3, 1e-5));
}

// No suppression gives these, and none of them may be followed: pose 1 was removed by 2, which was
// removed by 3; the others by what does not exist, one of them by what ends in the bits of 0.
TYPED_TEST(CudaMergePoses, ASuppressorThatIsNotKeptDropsWhatItNames) {
  Random random(3);
  const Crowd<TypeParam> crowd(random, 6, 3, 1, false);
  expect_merge_poses(crowd, {0, 2, 3, 6, -1, INT64_MIN}, merge_parameters(1e3, 1e3, -1.0, 1e-5));
}

TYPED_TEST(CudaMergePoses, ANaNIsNoScore) {
  Random random(4);
  Crowd<TypeParam> crowd(random, 8, 3, 1, false);
  std::vector<int64_t> kept(8);
  for (int64_t i = 0; i < 8; ++i) {
    kept[i] = i;
    crowd.poses.scores[i * 3 + i % 3] = nan<double>();
  }
  std::fill_n(crowd.poses.scores.begin(), 3, nan<double>());
  crowd.store();
  expect_merge_poses(crowd, kept, merge_parameters(1.0, 100.0, 0.5, 1e-5));
}

TEST(CudaMergePosesOracle, MergesAsTheOracle) {
  Random random(5);
  int compared = 0;
  for (int round = 0; round < 8; ++round) {
    Crowd<double> crowd(random, 60, 17, 1, false);
    lower_scores(random, crowd);
    const std::vector<int64_t> suppressor = random_suppressor(random, crowd.poses.N);
    const MergeParameters parameters = merge_parameters(0.3, 30.0, 0.9, 1e-5);
    const oracle::Merged want =
        oracle::merge_poses(crowd.poses, crowd.boxes.data(), suppressor.data(), parameters);
    if (want.margin < kMargin<double>) continue;
    ++compared;
    const Merged<double> merged = merge_poses(crowd, suppressor, parameters);
    expect_near(merged.keypoints, want.keypoints, 1e3 * kSpacing<double>);
    expect_near(merged.scores, want.scores, 16 * kSpacing<double>);
    EXPECT_EQ(std::vector<bool>(merged.keep.values.begin(), merged.keep.values.end()), want.keep);
  }
  EXPECT_GT(compared, 4);
}

}  // namespace
