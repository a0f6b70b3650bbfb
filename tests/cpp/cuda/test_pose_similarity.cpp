#include "cpu/pose_similarity.h"
#include "crowd.h"
#include "cuda/pose_similarity.h"
#include "pose_parameters.h"
#include "schedules.h"

namespace {

using rmpe::PoseNMSParameters;

template <typename T>
std::vector<T> on_cpu(const Crowd<T>& crowd, const PoseNMSParameters& parameters) {
  const int64_t N = crowd.poses.N;
  const std::vector<T> weights =
      rmpe::cpu::weights_or_nan(crowd.list(), crowd.box_values.data(), N, parameters);
  std::vector<T> matrix(N * N);
  rmpe::cpu::pose_similarity(crowd.list(), crowd.box_values.data(), weights.data(), N, parameters,
                             0, N, matrix.data());
  return matrix;
}

template <typename T>
class CudaPoseSimilarity : public ::testing::Test {};
TYPED_TEST_SUITE(CudaPoseSimilarity, FloatingTypes);

TYPED_TEST(CudaPoseSimilarity, EqualsTheCpu) {
  Random random(10);
  for (const int64_t N : {0, 1, 2, 63, 64, 65, 130}) {
    Crowd<TypeParam> crowd(random, N, 7, 1, false);
    crowd.spoil(random);
    for (const PoseNMSParameters& parameters : all_parameters()) {
      const std::vector<TypeParam> want = on_cpu(crowd, parameters);
      std::vector<TypeParam> similarity(N * N, TypeParam(-7));
      rmpe::cuda::launch_pose_similarity(crowd.list(), crowd.box_values.data(), parameters, N,
                                         nullptr, similarity.data());
      expect_same(similarity, want);
    }
  }
}

TYPED_TEST(CudaPoseSimilarity, OrderOfTheThreadsDoesNotMatter) {
  Random random(11);
  const Crowd<TypeParam> crowd(random, 70, 30, 1, false);
  const std::vector<TypeParam> want = on_cpu(crowd, paper_preset());
  for_each_schedule([&] {
    std::vector<TypeParam> similarity(70 * 70, TypeParam(-7));
    rmpe::cuda::launch_pose_similarity(crowd.list(), crowd.box_values.data(), paper_preset(), 70,
                                       nullptr, similarity.data());
    expect_same(similarity, want);
  });
}

}  // namespace
