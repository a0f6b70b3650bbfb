#include "cpu/pose_nms.h"
#include "cuda/pose_nms.h"
#include "oracles/pose_nms.h"
#include "schedules.h"
#include "suppression.h"

namespace {

using rmpe::PoseNMSParameters;

// The presets, and every part of the mechanism in another combination.
constexpr PoseNMSParameters kPaper{0.3, 100.0, 1.0, 8.0, true, false, 0.1, -1.0, 0, 0.0, 0.0};
constexpr PoseNMSParameters kRmpe{0.01, 2.08, 2.08, 22.48, false, true, -1.0, 1.0, 0, 0.0, 0.0};
constexpr PoseNMSParameters kAlphapose{1.0, 2.65, 1.7, 22.48, false, false, -1.0, 1.0, 5, 7.0, 0.1};
constexpr PoseNMSParameters kAll{0.5, 2.0, 1.5, 9.0, true, true, 0.2, 0.5, 3, 9.0, 0.2};

PoseNMSParameters for_joints(PoseNMSParameters parameters, int64_t K) {
  parameters.eta *= double(K) / 17;
  return parameters;
}

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

// The crowd's poses must have scores.
template <typename T>
void expect_box_nms(const Crowd<T>& crowd, double threshold, const int64_t* image_index) {
  const int64_t N = crowd.poses.N;
  const T *boxes = crowd.box_values.data(), *scores = crowd.pose_scores.data();
  const ScratchMemory scratch(rmpe::cuda::box_nms_scratch_bytes<T>(N, image_index != nullptr));
  expect_as_on_cpu(
      image_index, N,
      [&](auto... outputs) {
        rmpe::cuda::launch_box_nms(boxes, scores, threshold, image_index, N, scratch.data.get(),
                                   nullptr, outputs...);
      },
      [&](const auto&... images_and_outputs) {
        rmpe::cpu::box_nms(boxes, scores, threshold, images_and_outputs...);
      });
}

template <typename T>
class CudaPoseNMS : public ::testing::Test {};
TYPED_TEST_SUITE(CudaPoseNMS, FloatingTypes);

TYPED_TEST(CudaPoseNMS, OfOneImageEqualsTheCpu) {
  Random random(0);
  for (const int64_t N : kSizes) {
    const Crowd<TypeParam> crowd(random, N, 17, 1, N % 2 == 0);
    for (const PoseNMSParameters& parameters : {kPaper, kRmpe, kAlphapose, kAll}) {
      expect_pose_nms(crowd, parameters, nullptr);
    }
  }
}

TYPED_TEST(CudaPoseNMS, OfManyImagesEqualsTheCpu) {
  Random random(1);
  for (const int64_t N : kSizes) {
    const Crowd<TypeParam> crowd(random, N, 5, 1, N % 2 == 0);
    expect_pose_nms(crowd, kPaper, ragged_index(random, N, 5).data());
  }
}

TYPED_TEST(CudaPoseNMS, OrderOfTheThreadsDoesNotMatter) {
  Random random(2);
  const Crowd<TypeParam> crowd(random, 130, 7, 1, true);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 3);
  for_each_schedule([&] {
    expect_pose_nms(crowd, kPaper, nullptr);
    expect_pose_nms(crowd, kAlphapose, index.data());
    expect_box_nms(crowd, 0.3, nullptr);
    expect_box_nms(crowd, 0.3, index.data());
  });
}

TYPED_TEST(CudaPoseNMS, OfAThousandPosesEqualsTheCpu) {
  Random random(3);
  const Crowd<TypeParam> crowd(random, 1030, 3, 1, true);
  expect_pose_nms(crowd, kPaper, nullptr);
  expect_box_nms(crowd, 0.5, nullptr);
}

TEST(CudaPoseNMSImages, MoreThanBlocksEqualTheCpu) {
  Random random(4);
  const Crowd<float> crowd(random, 1100, 1, 1, false);
  std::vector<int64_t> index;
  for (int64_t i = 0; i < crowd.poses.N; ++i) index.push_back(i * 1000003 % 1050);
  expect_pose_nms(crowd, kPaper, index.data());
}

// One; as many as shared memory holds at once, and one over, in either type; many times as many.
TYPED_TEST(CudaPoseNMS, OfAnyNumberOfJointsEqualsTheCpu) {
  Random random(5);
  for (const int64_t K : {1, 12, 13, 14, 28, 29, 30, 133}) {
    const Crowd<TypeParam> crowd(random, 70, K, 1, false);
    expect_pose_nms(crowd, kPaper, nullptr);
    expect_pose_nms(crowd, kAlphapose, nullptr);
  }
}

TYPED_TEST(CudaPoseNMS, WhatIsNotFiniteIsKeptAndSuppressesNothing) {
  Random random(6);
  Crowd<TypeParam> crowd(random, 150, 4, 1, true);
  crowd.spoil(random);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 4);
  expect_pose_nms(crowd, kPaper, nullptr);
  expect_pose_nms(crowd, kAlphapose, index.data());
  expect_box_nms(crowd, 0.3, nullptr);
  expect_box_nms(crowd, 0.3, index.data());
}

TYPED_TEST(CudaPoseNMS, NothingFiniteLeavesAllKept) {
  Random random(7);
  Crowd<TypeParam> crowd(random, 70, 3, 1, false);
  crowd.poses.scores.assign(crowd.poses.scores.size(), nan<double>());
  crowd.store();
  expect_pose_nms(crowd, kPaper, nullptr);
  expect_pose_nms(crowd, kPaper, ragged_index(random, 70, 4).data());
}

TYPED_TEST(CudaPoseNMS, OfEqualScoresTheFirstSuppresses) {
  Random random(8);
  Crowd<TypeParam> crowd(random, 140, 3, 1, true);
  crowd.poses.pose_scores.assign(140, 0.5);
  crowd.store();
  expect_pose_nms(crowd, kPaper, nullptr);
  expect_box_nms(crowd, 0.3, nullptr);
}

TYPED_TEST(CudaPoseNMS, OfBoxesEqualsTheCpu) {
  Random random(9);
  for (const int64_t N : kSizes) {
    const Crowd<TypeParam> crowd(random, N, 4, 1, true);
    for (const double threshold : {0.0, 0.25, 0.5, 1.0}) expect_box_nms(crowd, threshold, nullptr);
    expect_box_nms(crowd, 0.25, ragged_index(random, N, 5).data());
  }
}

TYPED_TEST(CudaPoseNMS, SimilarityEqualsTheCpu) {
  Random random(10);
  for (const int64_t N : {0, 1, 2, 63, 64, 65, 130}) {
    Crowd<TypeParam> crowd(random, N, 7, 1, false);
    crowd.spoil(random);
    for (const PoseNMSParameters& parameters : {kPaper, kAll, kAlphapose}) {
      std::vector<TypeParam> want(N * N), similarity(N * N, TypeParam(-7));
      rmpe::cpu::pose_similarity(crowd.list(), crowd.box_values.data(), N, parameters, 0, N,
                                 want.data());
      rmpe::cuda::launch_pose_similarity(crowd.list(), crowd.box_values.data(), parameters, N,
                                         nullptr, similarity.data());
      expect_same(similarity, want);
    }
  }
}

TYPED_TEST(CudaPoseNMS, OrderOfTheThreadsDoesNotMatterToSimilarity) {
  Random random(11);
  const Crowd<TypeParam> crowd(random, 70, 30, 1, false);
  std::vector<TypeParam> want(70 * 70);
  rmpe::cpu::pose_similarity(crowd.list(), crowd.box_values.data(), 70, kPaper, 0, 70, want.data());
  for_each_schedule([&] {
    std::vector<TypeParam> similarity(70 * 70, TypeParam(-7));
    rmpe::cuda::launch_pose_similarity(crowd.list(), crowd.box_values.data(), kPaper, 70, nullptr,
                                       similarity.data());
    expect_same(similarity, want);
  });
}

TEST(CudaPoseNMSOracle, DecidesAsTheOracle) {
  Random random(12);
  int compared = 0, suppressed = 0;
  for (int round = 0; round < 3; ++round) {
    const Crowd<double> crowd(random, 90, 17, 2, round % 2 == 1);
    for (const PoseNMSParameters& parameters : {kPaper, kRmpe, kAlphapose, kAll}) {
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
