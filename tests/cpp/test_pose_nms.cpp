// The suppressions of poses and what follows them, on inputs and results that end where their
// memory ends: under AddressSanitizer, any access beyond fails. Results are checked for what holds
// of every suppression, whatever the similarity.
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "cpu/merge_poses.h"
#include "cpu/nearby_joints_nms.h"
#include "cpu/oks_nms.h"
#include "cpu/pose_nms.h"

namespace {

using namespace rmpe::cpu;

template <typename T>
struct Sample {
  int64_t N, K;
  std::vector<T> keypoints, scores, boxes, areas, sigmas;
  std::vector<int64_t> image_index;

  Sample(std::mt19937& random, int64_t N, int64_t K, int64_t images) : N(N), K(K) {
    std::uniform_real_distribution<double> uniform(0, 1);
    for (int64_t i = 0; i < N; ++i) {
      const double person = 100.0 * double(random() % 4);
      for (int64_t k = 0; k < 2 * K; ++k) keypoints.push_back(T(person + uniform(random)));
      for (int64_t n = 0; n < K; ++n) scores.push_back(T(uniform(random)));
      for (int corner = 0; corner < 4; ++corner) boxes.push_back(T(person + 60.0 * (corner / 2)));
      areas.push_back(T(3600));
      image_index.push_back(int64_t(random() % images));
      if (random() % 8 == 0) keypoints.back() = T(NAN);
    }
    sigmas.assign(K, T(0.05));
  }

  PoseList<T> list() const { return {keypoints.data(), scores.data(), nullptr, K}; }
};

// Runs an op in two pieces, as two threads would, and checks its result.
template <typename T, typename Op>
std::vector<int64_t> check_suppression(const Sample<T>& sample, Op&& op) {
  const Groups images = group_by(sample.image_index.data(), sample.N);
  std::vector<int64_t> suppressor(sample.N);
  std::vector<char> keep(sample.N);
  bool* keep_data = reinterpret_cast<bool*>(keep.data());
  op(images, 0, images.count() / 2, keep_data, suppressor.data());
  op(images, images.count() / 2, images.count(), keep_data, suppressor.data());
  for (int64_t i = 0; i < sample.N; ++i) {
    const int64_t by = suppressor[i];
    CHECK(by >= 0 && by < sample.N && suppressor[by] == by);
    CHECK(bool(keep[i]) == (by == i));
    CHECK(sample.image_index[by] == sample.image_index[i]);
    if (std::isnan(sample.keypoints[(i + 1) * sample.K * 2 - 1])) CHECK(keep[i]);
  }
  return suppressor;
}

template <typename T>
void check_all(const Sample<T>& s) {
  const rmpe::PoseNMSParameters parameters{0.3, 100.0, 1.0, 0.4 * double(s.K), true, false,
                                           0.1, -1.0,  2,   7.0, 0.1};
  check_suppression(s, [&](const auto&... rest) {
    pose_nms(s.list(), s.boxes.data(), parameters, rest...);
  });
  check_suppression(s, [&](const auto&... rest) {
    nearby_joints_nms(s.list(), 0.5, s.K / 2, rest...);
  });
  const std::vector<int64_t> suppressor = check_suppression(s, [&](const auto&... rest) {
    oks_nms(s.list(), s.areas.data(), s.sigmas.data(), 0.9, rest...);
  });

  const Groups images = group_by(s.image_index.data(), s.N);
  std::vector<T> decayed(s.N), keypoints(s.N * s.K * 2), scores(s.N * s.K);
  std::vector<int64_t> rank(s.N);
  std::vector<char> keep(s.N);
  bool* keep_data = reinterpret_cast<bool*>(keep.data());
  constexpr int64_t kMaxKept = 5;
  soft_oks_nms(s.list(), s.areas.data(), s.sigmas.data(), 0.9, kMaxKept, images, 0,
               images.count(), keep_data, decayed.data(), rank.data());
  for (int64_t i = 0; i < s.N; ++i) {
    CHECK(bool(keep[i]) == (rank[i] >= 0) && rank[i] < kMaxKept);
  }

  const Groups groups = group_by(suppressor.data(), s.N);
  merge_poses(s.keypoints.data(), s.scores.data(), s.boxes.data(), suppressor.data(), s.N, s.K,
              {0.1, 15.0, 0.0, 1e-5}, groups, 0, groups.count(), keypoints.data(), scores.data(),
              keep_data);
  for (int64_t i = 0; i < s.N; ++i) CHECK(bool(keep[i]) == (suppressor[i] == i));
}

}  // namespace

int main() {
  std::mt19937 random(0);
  for (int64_t round = 0; round < 300; ++round) {
    const int64_t N = round < 70 ? round : random() % 200, K = 1 + random() % 20;
    const int64_t images = 1 + random() % 5;
    check_all(Sample<float>(random, N, K, images));
    check_all(Sample<double>(random, N, K, images));
  }
  std::puts("pose_nms: all well");
}
