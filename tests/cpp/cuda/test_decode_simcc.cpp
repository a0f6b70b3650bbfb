#include "cpu/decode_simcc.h"
#include "cuda/decode_simcc.h"
#include "oracles/decode_simcc.h"
#include "schedules.h"
#include "values.h"

namespace {

using rmpe::Affine;
using rmpe::SimccVectors;
using rmpe::cuda::ImageMaps;

// Vectors [N, K, size] that end where their memory ends; `offset` values precede the first one, and
// `gap` values lie between each two. Multiples of 1/256, so that averages are exact and some tie.
template <typename Stored>
struct Vectors {
  int64_t K, size, offset, gap;
  std::vector<Stored> values;

  Vectors(Random& random, int64_t N, int64_t K, int64_t size, int64_t offset, int64_t gap)
      : K(K), size(size), offset(offset), gap(gap) {
    std::vector<double> all(N * K > 0 ? offset + N * K * (size + gap) - gap : 0);
    for (double& value : all) value = double(random.whole(-32, 200)) / 256;
    values = stored<Stored>(all);
  }

  const Stored* data() const { return values.data() + offset; }
  int64_t start(int64_t i) const { return offset + i * (size + gap); }
  void set(int64_t i, int64_t place, double value) {
    rmpe::narrow(rmpe::ComputeType<Stored>(value), values[start(i) + place]);
  }
  void fill(int64_t i, double value) {
    for (int64_t place = 0; place < size; ++place) set(i, place, value);
  }
  std::vector<double> vector(int64_t i) const {
    const auto begin = values.begin() + start(i);
    return widened(std::vector<Stored>(begin, begin + size));
  }
  SimccVectors<Stored> view(const Vectors* flipped) const {
    const int64_t stride = size + gap;
    return {data(), flipped ? flipped->data() : nullptr, K * stride, stride, K * stride, stride,
            size};
  }
};

template <typename Stored>
struct Decoded {
  std::vector<rmpe::ComputeType<Stored>> keypoints;  // [N, K, 2]
  std::vector<rmpe::ComputeType<Stored>> scores;     // [N, K]

  explicit Decoded(int64_t joints) : keypoints(2 * joints), scores(joints) {}
};

template <typename Stored>
struct Joints {
  int64_t N, K;
  Vectors<Stored> x, y, flipped_x, flipped_y;
  std::vector<int64_t> swapped;

  Joints(Random& random, int64_t N, int64_t K, int64_t width, int64_t height, int64_t offset = 0,
         int64_t gap = 0)
      : N(N),
        K(K),
        x(random, N, K, width, offset, gap),
        y(random, N, K, height, offset, gap),
        flipped_x(random, N, K, width, offset, gap),
        flipped_y(random, N, K, height, offset, gap) {
    for (int64_t k = 0; k < K; ++k) swapped.push_back(K - 1 - k);
  }

  Decoded<Stored> by_kernel(bool flip, double split_ratio, const ImageMaps& to_image = {}) const {
    Decoded<Stored> decoded(N * K);
    const rmpe::cuda::SimccBatch<Stored> batch{x.view(flip ? &flipped_x : nullptr),
                                               y.view(flip ? &flipped_y : nullptr),
                                               swapped.data(),
                                               to_image,
                                               N,
                                               K,
                                               split_ratio};
    rmpe::cuda::launch_decode_simcc(batch, nullptr, decoded.keypoints.data(),
                                    decoded.scores.data());
    return decoded;
  }

  Decoded<Stored> by_loops(bool flip, double split_ratio, const Affine* to_image = nullptr) const {
    Decoded<Stored> decoded(N * K);
    const rmpe::cpu::SimccBatch<Stored> batch{x.view(flip ? &flipped_x : nullptr),
                                              y.view(flip ? &flipped_y : nullptr),
                                              swapped.data(),
                                              to_image,
                                              N,
                                              K,
                                              split_ratio};
    rmpe::cpu::decode_simcc(batch, 0, N * K, decoded.keypoints.data(), decoded.scores.data());
    return decoded;
  }
};

template <typename Stored>
class CudaDecodeSimcc : public testing::Test {
 protected:
  static void expect_joints_of_cpu(const Joints<Stored>& joints, bool flip, double split_ratio) {
    const Decoded<Stored> got = joints.by_kernel(flip, split_ratio);
    const Decoded<Stored> want = joints.by_loops(flip, split_ratio);
    expect_same(got.keypoints, want.keypoints);
    expect_same(got.scores, want.scores);
  }
};
TYPED_TEST_SUITE(CudaDecodeSimcc, StoredTypes);

TYPED_TEST(CudaDecodeSimcc, JointsEqualTheOracle) {
  Random random(0);
  const Joints<TypeParam> joints(random, 2, 3, 96, 128);
  const Decoded<TypeParam> got = joints.by_kernel(false, 2.0);
  std::vector<double> keypoints, scores;
  for (int64_t i = 0; i < 6; ++i) {
    const oracle::Joint joint = oracle::decode_simcc(joints.x.vector(i), joints.y.vector(i), 2.0);
    keypoints.insert(keypoints.end(), {joint.x, joint.y});
    scores.push_back(joint.score);
  }
  expect_near(widened(got.keypoints), keypoints, 0.0);
  expect_near(widened(got.scores), scores, 0.0);
}

// Shorter than a vector of 16 bytes, or not a multiple of it; shorter and longer than a warp reads
// at once.
TYPED_TEST(CudaDecodeSimcc, JointsAreThoseOfTheCpu) {
  Random random(0);
  for_each_schedule([&] {
    for (const int64_t width : {1, 2, 7, 64, 129, 384, 4000}) {
      for (const int64_t height : {1, 5, 128, 2600}) {
        const Joints<TypeParam> joints(random, 2, 3, width, height);
        for (const bool flip : {false, true}) {
          this->expect_joints_of_cpu(joints, flip, 2.0);
          this->expect_joints_of_cpu(joints, flip, 3.0);
        }
      }
    }
  });
}

TYPED_TEST(CudaDecodeSimcc, VectorsLieAtAnyAddress) {
  Random random(0);
  for (const int64_t offset : {0, 1, 3}) {
    for (const int64_t gap : {0, 1, 8}) {
      const Joints<TypeParam> joints(random, 2, 3, 48, 64, offset, gap);
      for (const bool flip : {false, true}) this->expect_joints_of_cpu(joints, flip, 2.0);
    }
  }
}

TYPED_TEST(CudaDecodeSimcc, TheFirstOfEqualValuesIsThePeak) {
  Random random(0);
  for_each_schedule([&] {
    for (int64_t first = 0; first < 384; first += 7) {
      Joints<TypeParam> joints(random, 1, 1, 384, 384);
      joints.x.set(0, first, 2.0);
      joints.y.set(0, 383 - first, 2.0);
      for (int64_t place = 0; place < 384; ++place) {
        if (place > first && random.one_in(3)) joints.x.set(0, place, 2.0);
        if (place > 383 - first && random.one_in(3)) joints.y.set(0, place, 2.0);
      }
      const Decoded<TypeParam> got = joints.by_kernel(false, 1.0);
      EXPECT_EQ(widened(got.keypoints), (std::vector<double>{double(first), double(383 - first)}));
    }
  });
}

TYPED_TEST(CudaDecodeSimcc, WithoutAScoreAboveZeroBothBinsAreMinusOne) {
  Random random(0);
  Joints<TypeParam> joints(random, 1, 4, 64, 40);
  joints.x.fill(0, 0.0);
  joints.y.fill(1, -0.5);
  joints.x.fill(2, -infinity<double>());
  for_each_schedule([&] {
    const Decoded<TypeParam> got = joints.by_kernel(false, 2.0);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(got.keypoints[i], rmpe::ComputeType<TypeParam>(-0.5));
    this->expect_joints_of_cpu(joints, false, 2.0);
  });
}

TYPED_TEST(CudaDecodeSimcc, AVectorWithANanGivesNoJoint) {
  Random random(0);
  for_each_schedule([&] {
    for (const int64_t place : {0, 31, 63}) {
      for (const bool flip : {false, true}) {
        Joints<TypeParam> joints(random, 1, 3, 64, 64);
        joints.x.set(0, place, nan<double>());
        joints.y.set(1, place, nan<double>());
        const Decoded<TypeParam> got = joints.by_kernel(flip, 2.0);
        for (int i = 0; i < 6; ++i) EXPECT_EQ(std::isnan(got.keypoints[i]), i < 4);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(std::isnan(got.scores[i]), i < 2);
      }
    }
  });
}

TYPED_TEST(CudaDecodeSimcc, KeypointsGoIntoTheImage) {
  Random random(0);
  const Joints<TypeParam> joints(random, 3, 2, 64, 96);
  const std::vector<double> matrices{2, 0.5, -3, 0.25, 4, 7,  // and one without an inverse
                                     1, 2,   0,  2,    4, 0, -1, 0, 30, 0, 2, 1};
  const std::vector<double> thetas{0.9, 0.1, 0.25, -0.2,          0.8, -0.125, 1, 0, 0,
                                   0,   1,   0,    nan<double>(), 0,   0,      0, 1, 0};
  const ImageMaps by_matrices{{matrices.data(), true}, {}, 48, 32, false};
  const ImageMaps by_both{{matrices.data(), true}, {thetas.data(), true}, 48, 32, true};
  std::vector<Affine> maps, sampled;
  for (int64_t n = 0; n < 3; ++n) {
    const Affine theta = rmpe::load_affine(&thetas[6 * n]);
    maps.push_back(invert(rmpe::load_affine(&matrices[6 * n])));
    sampled.push_back(compose(maps[n], pixel_map(theta, by_both.height, by_both.width, true)));
  }
  for_each_schedule([&] {
    for (const bool flip : {false, true}) {
      expect_same(joints.by_kernel(flip, 2.0, by_matrices).keypoints,
                  joints.by_loops(flip, 2.0, maps.data()).keypoints);
      expect_same(joints.by_kernel(flip, 2.0, by_both).keypoints,
                  joints.by_loops(flip, 2.0, sampled.data()).keypoints);
    }
  });
}

TYPED_TEST(CudaDecodeSimcc, MoreJointsThanALaunchTakes) {
  Random random(0);
  this->expect_joints_of_cpu(Joints<TypeParam>(random, 1, 600, 4, 4), true, 2.0);
}

TYPED_TEST(CudaDecodeSimcc, NoJointsAreFine) {
  Random random(0);
  for (const auto& [N, K] : {std::pair{0, 17}, {3, 0}, {0, 0}}) {
    const Joints<TypeParam> joints(random, N, K, 8, 8);
    for (const bool flip : {false, true}) joints.by_kernel(flip, 2.0);
  }
}

TYPED_TEST(CudaDecodeSimcc, TooLongVectorsAreRefused) {
  rmpe::cuda::SimccBatch<TypeParam> batch{};
  batch.x.size = batch.y.size = 8;
  for (int64_t* size : {&batch.x.size, &batch.y.size}) {
    *size = int64_t(1) << 40;
    EXPECT_THROW(rmpe::cuda::launch_decode_simcc(batch, nullptr, nullptr, nullptr),
                 std::runtime_error);
    *size = 8;
  }
}

}  // namespace
