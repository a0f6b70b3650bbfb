#include "cpu/soft_oks_nms.h"
#include "cuda/soft_oks_nms.h"
#include "oracles/oks_nms.h"
#include "schedules.h"
#include "suppression.h"

namespace {

template <typename T>
void soft_oks_nms(const Crowd<T>& crowd, double threshold, int64_t max_kept,
                  const int64_t* image_index, bool* keep, T* pose_scores, int64_t* rank) {
  const int64_t N = crowd.poses.N;
  const ScratchMemory scratch(
      rmpe::cuda::soft_oks_nms_scratch_bytes<T>(N, crowd.poses.K, image_index != nullptr));
  rmpe::cuda::launch_soft_oks_nms(crowd.list(), crowd.area_values.data(), crowd.sigma_values.data(),
                                  {threshold, max_kept}, image_index, N, scratch.data.get(),
                                  nullptr, keep, pose_scores, rank);
}

template <typename T>
void expect_soft_oks_nms(const Crowd<T>& crowd, double threshold, int64_t max_kept,
                         const int64_t* image_index) {
  std::vector<T> want_scores(crowd.poses.N), pose_scores(crowd.poses.N, T(-7));
  expect_as_on_cpu(
      image_index, crowd.poses.N,
      [&](bool* keep, int64_t* rank) {
        soft_oks_nms(crowd, threshold, max_kept, image_index, keep, pose_scores.data(), rank);
      },
      [&](const auto& images, int64_t begin, int64_t end, bool* keep, int64_t* rank) {
        rmpe::cpu::soft_oks_nms(crowd.list(), crowd.area_values.data(), crowd.sigma_values.data(),
                                {threshold, max_kept}, images, begin, end, keep, want_scores.data(),
                                rank);
      });
  expect_same(pose_scores, want_scores);
}

template <typename T>
class CudaSoftOksNMS : public ::testing::Test {};
TYPED_TEST_SUITE(CudaSoftOksNMS, FloatingTypes);

TYPED_TEST(CudaSoftOksNMS, OrderOfTheThreadsDoesNotMatter) {
  Random random(1);
  Crowd<TypeParam> crowd(random, 130, 5, 1, true);
  crowd.spoil(random);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 3);
  for_each_schedule([&] {
    expect_soft_oks_nms(crowd, 0.5, 20, nullptr);
    expect_soft_oks_nms(crowd, 0.5, 20, index.data());
  });
}

TYPED_TEST(CudaSoftOksNMS, OfAnyNumberOfJointsEqualsTheCpu) {
  Random random(2);
  for (const int64_t K : {1, 2, 20, 45, 133, 200}) {  // 128 threads compute the joints' scales
    const Crowd<TypeParam> crowd(random, 70, K, 1, false);
    expect_soft_oks_nms(crowd, 0.5, 5, nullptr);
  }
}

// Up to more poses than a block has threads.
TYPED_TEST(CudaSoftOksNMS, EqualsTheCpu) {
  Random random(3);
  for (const int64_t N : {0, 1, 2, 63, 64, 65, 256, 600}) {
    Crowd<TypeParam> crowd(random, N, 3, 1, false);
    if (N % 2 == 1) crowd.spoil(random);
    const std::vector<int64_t> index = ragged_index(random, N, 5);
    for (const int64_t max_kept : {int64_t(0), int64_t(1), N <= 65 ? INT64_MAX : int64_t(20)}) {
      expect_soft_oks_nms(crowd, 0.9, max_kept, nullptr);
      expect_soft_oks_nms(crowd, 0.1, max_kept, index.data());
    }
  }
}

TYPED_TEST(CudaSoftOksNMS, KeepsThoseThatTakeNoPartWhereThereIsRoom) {
  Random random(4);
  Crowd<TypeParam> crowd(random, 70, 3, 1, true);
  for (int64_t i = 0; i < 70; ++i) crowd.poses.pose_scores[i] -= 0.5;
  crowd.poses.pose_scores[5] = infinity<double>();
  crowd.poses.pose_scores[60] = nan<double>();
  crowd.store();
  for (const int64_t max_kept : {67, 68, 69, 70}) {
    expect_soft_oks_nms(crowd, 0.9, max_kept, nullptr);
  }
  crowd.areas.assign(70, nan<double>());
  crowd.store();
  expect_soft_oks_nms(crowd, 0.9, 20, nullptr);
  expect_soft_oks_nms(crowd, 0.9, INT64_MAX, nullptr);
}

TYPED_TEST(CudaSoftOksNMS, KeepsNoneOfFewerThanNone) {
  Random random(5);
  Crowd<TypeParam> crowd(random, 9, 3, 1, false);
  crowd.spoil(random);
  expect_soft_oks_nms(crowd, 0.9, -1, nullptr);
}

TEST(CudaSoftOksNMSImages, MoreThanBlocksEqualTheCpu) {
  Random random(6);
  Crowd<float> crowd(random, 1100, 1, 1, false);
  crowd.spoil(random);
  std::vector<int64_t> index;
  for (int64_t i = 0; i < crowd.poses.N; ++i) index.push_back(i * 1000003 % 1050);
  expect_soft_oks_nms(crowd, 0.5, 2, index.data());
}

TEST(CudaSoftOksNMSOracle, DecidesAsTheOracle) {
  Random random(7);
  int compared = 0;
  for (int round = 0; round < 6; ++round) {
    const Crowd<double> crowd(random, 90, 17, 2, false);
    const int64_t N = crowd.poses.N;
    Flags keep(N);
    std::vector<int64_t> rank(N);
    std::vector<double> pose_scores(N);
    const oracle::SoftSuppression want =
        oracle::soft_oks_nms(crowd.poses, crowd.areas.data(), crowd.sigmas.data(), 0.9, 20);
    soft_oks_nms(crowd, 0.9, 20, crowd.poses.image_index.data(), keep.data(), pose_scores.data(),
                 rank.data());
    if (want.margin < 1e-11) continue;
    EXPECT_EQ(rank, want.rank);
    expect_near(pose_scores, want.pose_scores, 400 * kSpacing<double>);
    ++compared;
  }
  EXPECT_GT(compared, 2);
}

}  // namespace
