#include "cpu/nearby_joints_nms.h"
#include "cuda/nearby_joints_nms.h"
#include "oracles/nearby_joints_nms.h"
#include "schedules.h"
#include "suppression.h"

namespace {

using rmpe::NearbyJointsParameters;

template <typename T>
void nearby_joints_nms(const Crowd<T>& crowd, const NearbyJointsParameters& parameters,
                       const int64_t* image_index, bool* keep, int64_t* suppressor) {
  const int64_t N = crowd.poses.N;
  const ScratchMemory scratch(
      rmpe::cuda::nearby_joints_nms_scratch_bytes<T>(N, image_index != nullptr));
  rmpe::cuda::launch_nearby_joints_nms(crowd.list(), parameters, image_index, N, scratch.data.get(),
                                       nullptr, keep, suppressor);
}

template <typename T>
void expect_nearby_joints_nms(const Crowd<T>& crowd, const NearbyJointsParameters& parameters,
                              const int64_t* image_index) {
  expect_as_on_cpu(
      image_index, crowd.poses.N,
      [&](auto... outputs) { nearby_joints_nms(crowd, parameters, image_index, outputs...); },
      [&](const auto&... images_and_outputs) {
        rmpe::cpu::nearby_joints_nms(crowd.list(), parameters, images_and_outputs...);
      });
}

template <typename T>
class CudaNearbyJointsNMS : public ::testing::Test {};
TYPED_TEST_SUITE(CudaNearbyJointsNMS, FloatingTypes);

TYPED_TEST(CudaNearbyJointsNMS, EqualsTheCpu) {
  Random random(0);
  for (const int64_t N : kSizes) {
    const Crowd<TypeParam> crowd(random, N, 17, 1, N % 2 == 0);
    for (int round = 0; round < 2; ++round) {
      const NearbyJointsParameters parameters = oracle::draw_nearby_joints(random, 17);
      expect_nearby_joints_nms(crowd, parameters, nullptr);
      expect_nearby_joints_nms(crowd, parameters, ragged_index(random, N, 5).data());
    }
  }
}

TYPED_TEST(CudaNearbyJointsNMS, OrderOfTheThreadsDoesNotMatter) {
  Random random(1);
  Crowd<TypeParam> crowd(random, 130, 5, 1, true);
  crowd.spoil(random);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 3);
  for_each_schedule([&] {
    const NearbyJointsParameters parameters = oracle::draw_nearby_joints(random, 5);
    expect_nearby_joints_nms(crowd, parameters, nullptr);
    expect_nearby_joints_nms(crowd, parameters, index.data());
  });
}

TYPED_TEST(CudaNearbyJointsNMS, OfAnyNumberOfJointsEqualsTheCpu) {
  Random random(2);
  for (const int64_t K : {1, 2, 20, 45, 133}) {
    expect_nearby_joints_nms(Crowd<TypeParam>(random, 70, K, 1, false),
                             oracle::draw_nearby_joints(random, K), nullptr);
  }
}

TEST(CudaNearbyJointsNMSOracle, DecidesAsTheOracle) {
  Random random(3);
  int compared = 0, suppressed = 0;
  for (int round = 0; round < 8; ++round) {
    const Crowd<double> crowd(random, 90, 17, 2, round % 2 == 1);
    const NearbyJointsParameters parameters = oracle::draw_nearby_joints(random, 17);
    const oracle::Suppression want = oracle::nearby_joints_nms(crowd.poses, parameters);
    Flags keep(crowd.poses.N);
    std::vector<int64_t> suppressor(crowd.poses.N);
    nearby_joints_nms(crowd, parameters, crowd.poses.image_index.data(), keep.data(),
                      suppressor.data());
    if (want.margin < kMargin<double>) continue;
    ++compared;
    EXPECT_EQ(suppressor, want.suppressor);
    suppressed += int(std::count(want.keep.begin(), want.keep.end(), false));
  }
  EXPECT_GT(compared, 2);
  EXPECT_GT(suppressed, 50);
}

}  // namespace
