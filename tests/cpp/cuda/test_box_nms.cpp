#include "cpu/box_nms.h"
#include "cuda/box_nms.h"
#include "schedules.h"
#include "suppression.h"

namespace {

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
class CudaBoxNMS : public ::testing::Test {};
TYPED_TEST_SUITE(CudaBoxNMS, FloatingTypes);

TYPED_TEST(CudaBoxNMS, EqualsTheCpu) {
  Random random(9);
  for (const int64_t N : kSizes) {
    const Crowd<TypeParam> crowd(random, N, 4, 1, true);
    for (const double threshold : {0.0, 0.25, 0.5, 1.0}) expect_box_nms(crowd, threshold, nullptr);
    expect_box_nms(crowd, 0.25, ragged_index(random, N, 5).data());
  }
}

TYPED_TEST(CudaBoxNMS, OrderOfTheThreadsDoesNotMatter) {
  Random random(2);
  const Crowd<TypeParam> crowd(random, 130, 7, 1, true);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 3);
  for_each_schedule([&] {
    expect_box_nms(crowd, 0.3, nullptr);
    expect_box_nms(crowd, 0.3, index.data());
  });
}

TYPED_TEST(CudaBoxNMS, OfAThousandBoxesEqualsTheCpu) {
  Random random(3);
  const Crowd<TypeParam> crowd(random, 1030, 3, 1, true);
  expect_box_nms(crowd, 0.5, nullptr);
}

TYPED_TEST(CudaBoxNMS, WhatIsNotFiniteIsKeptAndSuppressesNothing) {
  Random random(6);
  Crowd<TypeParam> crowd(random, 150, 4, 1, true);
  crowd.spoil(random);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 4);
  expect_box_nms(crowd, 0.3, nullptr);
  expect_box_nms(crowd, 0.3, index.data());
}

TYPED_TEST(CudaBoxNMS, OfEqualScoresTheFirstSuppresses) {
  Random random(8);
  Crowd<TypeParam> crowd(random, 140, 3, 1, true);
  crowd.poses.pose_scores.assign(140, 0.5);
  crowd.store();
  expect_box_nms(crowd, 0.3, nullptr);
}

}  // namespace
