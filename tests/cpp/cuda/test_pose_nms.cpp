#include "cpu/pose_nms.h"
#include "cuda/pose_nms.h"
#include "oracles/pose_nms.h"
#include "pose_parameters.h"
#include "schedules.h"
#include "suppression.h"

namespace {

using rmpe::PoseNMSParameters;

template <typename T>
void pose_nms(const Crowd<T>& crowd, const PoseNMSParameters& parameters,
              const int64_t* image_index, bool* keep, int64_t* suppressor) {
  const int64_t N = crowd.poses.N;
  const ScratchMemory scratch(rmpe::cuda::pose_nms_scratch_bytes<T>(N, image_index != nullptr));
  rmpe::cuda::launch_pose_nms(crowd.list(), crowd.box_values.data(), parameters, image_index, N,
                              scratch.data.get(), nullptr, keep, suppressor);
}

template <typename T>
void expect_pose_nms(const Crowd<T>& crowd, const PoseNMSParameters& preset,
                     const int64_t* image_index) {
  const PoseNMSParameters parameters = for_joints(preset, crowd.poses.K);
  expect_as_on_cpu(
      image_index, crowd.poses.N,
      [&](auto... outputs) { pose_nms(crowd, parameters, image_index, outputs...); },
      [&](const auto&... images_and_outputs) {
        rmpe::cpu::pose_nms(crowd.list(), crowd.box_values.data(), parameters,
                            images_and_outputs...);
      });
}

template <typename T>
class CudaPoseNMS : public ::testing::Test {};
TYPED_TEST_SUITE(CudaPoseNMS, FloatingTypes);

TYPED_TEST(CudaPoseNMS, OfOneImageEqualsTheCpu) {
  Random random(0);
  for (const int64_t N : kSizes) {
    const Crowd<TypeParam> crowd(random, N, 17, 1, N % 2 == 0);
    for (const PoseNMSParameters& parameters : all_parameters()) {
      expect_pose_nms(crowd, parameters, nullptr);
    }
  }
}

TYPED_TEST(CudaPoseNMS, OfManyImagesEqualsTheCpu) {
  Random random(1);
  for (const int64_t N : kSizes) {
    const Crowd<TypeParam> crowd(random, N, 5, 1, N % 2 == 0);
    expect_pose_nms(crowd, paper_preset(), ragged_index(random, N, 5).data());
  }
}

TYPED_TEST(CudaPoseNMS, OrderOfTheThreadsDoesNotMatter) {
  Random random(2);
  const Crowd<TypeParam> crowd(random, 130, 7, 1, true);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 3);
  for_each_schedule([&] {
    expect_pose_nms(crowd, paper_preset(), nullptr);
    expect_pose_nms(crowd, alphapose_preset(), index.data());
  });
}

TYPED_TEST(CudaPoseNMS, OfAThousandPosesEqualsTheCpu) {
  Random random(3);
  const Crowd<TypeParam> crowd(random, 1030, 3, 1, true);
  expect_pose_nms(crowd, paper_preset(), nullptr);
}

TEST(CudaPoseNMSImages, MoreThanBlocksEqualTheCpu) {
  Random random(4);
  const Crowd<float> crowd(random, 1100, 1, 1, false);
  std::vector<int64_t> index;
  for (int64_t i = 0; i < crowd.poses.N; ++i) index.push_back(i * 1000003 % 1050);
  expect_pose_nms(crowd, paper_preset(), index.data());
}

// One; as many as shared memory holds at once, and one over, in either type; many times as many.
TYPED_TEST(CudaPoseNMS, OfAnyNumberOfJointsEqualsTheCpu) {
  Random random(5);
  for (const int64_t K : {1, 12, 13, 14, 28, 29, 30, 133}) {
    const Crowd<TypeParam> crowd(random, 70, K, 1, false);
    expect_pose_nms(crowd, paper_preset(), nullptr);
    expect_pose_nms(crowd, alphapose_preset(), nullptr);
  }
}

TYPED_TEST(CudaPoseNMS, WhatIsNotFiniteIsKeptAndSuppressesNothing) {
  Random random(6);
  Crowd<TypeParam> crowd(random, 150, 4, 1, true);
  crowd.spoil(random);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 4);
  expect_pose_nms(crowd, paper_preset(), nullptr);
  expect_pose_nms(crowd, alphapose_preset(), index.data());
}

TYPED_TEST(CudaPoseNMS, NothingFiniteLeavesAllKept) {
  Random random(7);
  Crowd<TypeParam> crowd(random, 70, 3, 1, false);
  crowd.poses.scores.assign(crowd.poses.scores.size(), nan<double>());
  crowd.store();
  expect_pose_nms(crowd, paper_preset(), nullptr);
  expect_pose_nms(crowd, paper_preset(), ragged_index(random, 70, 4).data());
}

TYPED_TEST(CudaPoseNMS, OfEqualScoresTheFirstSuppresses) {
  Random random(8);
  Crowd<TypeParam> crowd(random, 140, 3, 1, true);
  crowd.poses.pose_scores.assign(140, 0.5);
  crowd.store();
  expect_pose_nms(crowd, paper_preset(), nullptr);
}

TEST(CudaPoseNMSOracle, DecidesAsTheOracle) {
  Random random(12);
  int compared = 0, suppressed = 0;
  for (int round = 0; round < 3; ++round) {
    const Crowd<double> crowd(random, 90, 17, 2, round % 2 == 1);
    for (const PoseNMSParameters& parameters : all_parameters()) {
      const oracle::Suppression want =
          oracle::pose_nms(crowd.poses, crowd.boxes.data(), parameters);
      Flags keep(crowd.poses.N);
      std::vector<int64_t> suppressor(crowd.poses.N);
      pose_nms(crowd, parameters, crowd.poses.image_index.data(), keep.data(), suppressor.data());
      if (want.margin < kMargin<double>) continue;
      ++compared;
      EXPECT_EQ(suppressor, want.suppressor);
      suppressed += int(std::count(want.keep.begin(), want.keep.end(), false));
    }
  }
  EXPECT_GT(compared, 5);
  EXPECT_GT(suppressed, 50);
}

}  // namespace
