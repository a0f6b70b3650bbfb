#include "cpu/oks_nms.h"
#include "cuda/oks_nms.h"
#include "oracles/oks_nms.h"
#include "schedules.h"
#include "suppression.h"

namespace {

template <typename T>
void oks_nms(const Crowd<T>& crowd, double threshold, const int64_t* image_index, bool* keep,
             int64_t* suppressor) {
  const int64_t N = crowd.poses.N;
  const ScratchMemory scratch(
      rmpe::cuda::oks_nms_scratch_bytes<T>(N, crowd.poses.K, image_index != nullptr));
  rmpe::cuda::launch_oks_nms(crowd.list(), crowd.area_values.data(), crowd.sigma_values.data(),
                             threshold, image_index, N, scratch.data.get(), nullptr, keep,
                             suppressor);
}

template <typename T>
void expect_oks_nms(const Crowd<T>& crowd, double threshold, const int64_t* image_index) {
  expect_as_on_cpu(
      image_index, crowd.poses.N,
      [&](auto... outputs) { oks_nms(crowd, threshold, image_index, outputs...); },
      [&](const auto&... images_and_outputs) {
        rmpe::cpu::oks_nms(crowd.list(), crowd.area_values.data(), crowd.sigma_values.data(),
                           threshold, images_and_outputs...);
      });
}

template <typename T>
class CudaOksNMS : public ::testing::Test {};
TYPED_TEST_SUITE(CudaOksNMS, FloatingTypes);

TYPED_TEST(CudaOksNMS, EqualsTheCpu) {
  Random random(0);
  for (const int64_t N : kSizes) {
    const Crowd<TypeParam> crowd(random, N, 17, 1, N % 2 == 0);
    for (const double threshold : {0.0, 0.5, 0.9, 1.0}) expect_oks_nms(crowd, threshold, nullptr);
    expect_oks_nms(crowd, 0.5, ragged_index(random, N, 5).data());
  }
}

TYPED_TEST(CudaOksNMS, OrderOfTheThreadsDoesNotMatter) {
  Random random(1);
  Crowd<TypeParam> crowd(random, 130, 5, 1, true);
  crowd.spoil(random);
  const std::vector<int64_t> index = ragged_index(random, crowd.poses.N, 3);
  for_each_schedule([&] {
    expect_oks_nms(crowd, 0.5, nullptr);
    expect_oks_nms(crowd, 0.5, index.data());
  });
}

TYPED_TEST(CudaOksNMS, OfAnyNumberOfJointsEqualsTheCpu) {
  Random random(2);
  for (const int64_t K : {1, 2, 20, 45, 133, 200}) {  // 128 threads compute the joints' scales
    const Crowd<TypeParam> crowd(random, 70, K, 1, false);
    expect_oks_nms(crowd, 0.5, nullptr);
  }
}

TEST(CudaOksNMSOracle, DecidesAsTheOracle) {
  Random random(7);
  int compared = 0;
  for (int round = 0; round < 6; ++round) {
    const Crowd<double> crowd(random, 90, 17, 2, false);
    Flags keep(crowd.poses.N);
    std::vector<int64_t> suppressor(crowd.poses.N);
    const oracle::Suppression want =
        oracle::oks_nms(crowd.poses, crowd.areas.data(), crowd.sigmas.data(), 0.5);
    oks_nms(crowd, 0.5, crowd.poses.image_index.data(), keep.data(), suppressor.data());
    if (want.margin < 1e-11) continue;
    EXPECT_EQ(suppressor, want.suppressor);
    ++compared;
  }
  EXPECT_GT(compared, 2);
}

}  // namespace
