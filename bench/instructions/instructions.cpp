// Runs each loop of the library once, at a fixed size, for callgrind to count its instructions:
// one dump for each, named after it. Prints what the counts depend on besides the code.
#include <gnu/libc-version.h>
#include <valgrind/callgrind.h>

#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "conventions.h"
#include "cpu/affine_sample.h"
#include "cpu/box_nms.h"
#include "cpu/crop.h"
#include "cpu/decode.h"
#include "cpu/decode_simcc.h"
#include "cpu/merge_poses.h"
#include "cpu/nearby_joints_nms.h"
#include "cpu/oks_nms.h"
#include "cpu/pose_nms.h"
#include "cpu/soft_argmax.h"
#include "cpu/soft_oks_nms.h"
#include "pose_parameters.h"

namespace {

namespace cpu = rmpe::cpu;

// The same values with every standard library, unlike its distributions.
class Random {
 public:
  float uniform(double low, double high) {
    return float(low + (high - low) * double(engine_()) / 4294967296.0);
  }
  std::vector<float> values(int64_t count, double low, double high) {
    std::vector<float> out(count);
    for (float& value : out) value = uniform(low, high);
    return out;
  }

 private:
  std::mt19937 engine_{0};
};

template <typename Body>
void count(const char* name, Body&& body) {
  CALLGRIND_TOGGLE_COLLECT;
  body();
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_DUMP_STATS_AT(name);
}

// 4 people, upright or turned, 256x192 from 720p.
void count_crop(const char* name, double turn) {
  constexpr int64_t N = 4, height = 256, width = 192;
  Random random;
  std::vector<uint8_t> pixels(720 * 1280 * 3);
  for (uint8_t& pixel : pixels) pixel = uint8_t(random.uniform(0, 256));
  const rmpe::Image image{pixels.data(), 720, 1280, 1280 * 3, 3};
  std::vector<rmpe::Affine> inverses;
  for (int64_t n = 0; n < N; ++n) {
    const double scale = 1.2 + 0.3 * double(n);
    inverses.push_back({scale, -turn * scale, 100.0 + 200.0 * double(n), turn * scale, scale,
                        50.0 + 20.0 * double(n)});
  }
  cpu::CropBatch batch{};
  batch.images = rmpe::image_list(&image, 1);
  batch.to_image = inverses.data();
  batch.N = N;
  batch.height = height;
  batch.width = width;
  batch.normalization = {{0.02f, 0.02f, 0.02f}, {-2.0f, -2.0f, -2.0f}, false, 0.0f};
  std::vector<float> crops(N * 3 * height * width);
  const std::vector<int64_t> image_index(N, 0);
  batch.image_index = image_index.data();
  count(name, [&] { cpu::crop(batch, 0, N * height, crops.data()); });
}

// 4 x 3 x 128 x 96.
void count_affine_sample() {
  constexpr int64_t N = 4, C = 3;
  const rmpe::SampleGeometry geometry{
      128, 96, 128, 96, rmpe::Interpolation::kBilinear, rmpe::Padding::kZeros, false};
  constexpr int64_t plane = 128 * 96;
  Random random;
  const std::vector<float> input = random.values(N * C * plane, -1, 1);
  const std::vector<float> grad = random.values(N * C * plane, -1, 1);
  const float theta[] = {0.9f, -0.3f, 0.05f, 0.3f, 0.9f, -0.05f};
  const std::vector<rmpe::Affine> maps(N, sampling_map(theta, geometry));
  const cpu::SampleBatch<float> batch{input.data(), C * plane, plane, maps.data(), N, C, geometry};
  std::vector<float> output(N * C * plane), grad_input(N * C * plane);
  std::vector<rmpe::PositionMoments> moments(N);
  count("affine_sample", [&] { cpu::affine_sample(batch, 0, N * 128, output.data()); });
  count("affine_sample_backward", [&] {
    cpu::affine_sample_backward(batch, grad.data(), C, 0, N, grad_input.data(), moments.data());
  });
}

// One bump to each map, over noise.
std::vector<float> heatmaps(int64_t count, int64_t height, int64_t width) {
  Random random;
  std::vector<float> maps = random.values(count * height * width, 0, 1e-3);
  for (int64_t i = 0; i < count; ++i) {
    const double x = random.uniform(4, double(width) - 5),
                 y = random.uniform(4, double(height) - 5);
    float* map = maps.data() + i * height * width;
    for (int64_t row = 0; row < height; ++row) {
      for (int64_t column = 0; column < width; ++column) {
        const double dx = double(column) - x, dy = double(row) - y;
        map[row * width + column] += float(1.0 / (1.0 + dx * dx + dy * dy));
      }
    }
  }
  return maps;
}

// 8 people of 17 joints, 64x48.
void count_decode(const char* name, oracle::Convention convention) {
  constexpr int64_t N = 8, K = 17, height = 64, width = 48;
  const std::vector<float> maps = heatmaps(N * K, height, width);
  const std::vector<rmpe::Affine> to_image(N, {1.5, 0.0, 100.0, 0.0, 1.5, 50.0});
  cpu::DecodeBatch<float> batch{};
  batch.heatmaps = {maps.data(), K * height * width, height * width};
  batch.to_image = to_image.data();
  batch.N = N;
  batch.K = K;
  batch.height = height;
  batch.width = width;
  batch.convention = decode_convention(convention);
  batch.convention.grid = {4.0, 4.0, 0.0};
  std::vector<float> keypoints(N * K * 2), scores(N * K);
  count(name, [&] { cpu::decode(batch, 0, N * K, keypoints.data(), scores.data()); });
}

// 8 people of 17 joints, 384 and 512 bins.
void count_decode_simcc() {
  constexpr int64_t N = 8, K = 17;
  Random random;
  const std::vector<float> x = random.values(N * K * 384, 0, 1);
  const std::vector<float> y = random.values(N * K * 512, 0, 1);
  cpu::SimccBatch<float> batch{};
  batch.x = {x.data(), nullptr, K * 384, 384, 0, 0, 384};
  batch.y = {y.data(), nullptr, K * 512, 512, 0, 0, 512};
  batch.N = N;
  batch.K = K;
  batch.split_ratio = 2.0;
  std::vector<float> keypoints(N * K * 2), scores(N * K);
  count("decode_simcc",
        [&] { cpu::decode_simcc(batch, 0, N * K, keypoints.data(), scores.data()); });
}

void count_soft_argmax() {
  constexpr int64_t maps = 8 * 17, height = 64, width = 48;
  const std::vector<float> values = heatmaps(maps, height, width);
  const std::vector<float> grad(maps * 2, 1.0f);
  std::vector<float> keypoints(maps * 2), grad_heatmaps(values.size());
  std::vector<rmpe::Partition<float>> partition(maps);
  count("soft_argmax", [&] {
    cpu::soft_argmax(values.data(), height, width, 10.0f, 0, maps, keypoints.data(),
                     partition.data());
  });
  count("soft_argmax_backward", [&] {
    cpu::soft_argmax_backward(grad.data(), values.data(), keypoints.data(), partition.data(),
                              height, width, 10.0f, 0, maps, grad_heatmaps.data());
  });
}

// 120 poses of 17 joints in 2 images, four of each person; one suppression after the other.
void count_suppression() {
  constexpr int64_t N = 120, K = 17;
  Random random;
  std::vector<float> keypoints, boxes, areas;
  for (int64_t person = 0; person < N / 4; ++person) {
    const double x = random.uniform(0, 400), y = random.uniform(0, 400);
    std::vector<float> body;
    for (int64_t n = 0; n < K; ++n) {
      body.push_back(random.uniform(x, x + 80));
      body.push_back(random.uniform(y, y + 200));
    }
    for (int64_t pose = 0; pose < 4; ++pose) {
      for (const float value : body) keypoints.push_back(value + random.uniform(-3, 3));
      for (const double edge : {x, y, x + 80, y + 200}) boxes.push_back(float(edge));
      areas.push_back(80 * 200);
    }
  }
  const std::vector<float> scores = random.values(N * K, 0.2, 1.0);
  std::vector<int64_t> image_index;
  for (int64_t i = 0; i < N; ++i) image_index.push_back(i / (N / 2));
  const rmpe::PoseList<float> poses{keypoints.data(), scores.data(), nullptr, K};
  const std::unique_ptr<bool[]> keep(new bool[N]);
  std::vector<int64_t> suppressor(N), rank(N);

  cpu::Groups images;
  count("group_by", [&] { images = cpu::group_by(image_index.data(), N); });
  const std::vector<float> sigmas(K, 0.05f);
  count("oks_nms", [&] {
    cpu::oks_nms(poses, areas.data(), sigmas.data(), 0.9, images, 0, images.count(), keep.get(),
                 suppressor.data());
  });
  std::vector<float> pose_scores(N);
  count("soft_oks_nms", [&] {
    cpu::soft_oks_nms(poses, areas.data(), sigmas.data(), {0.9, 20}, images, 0, images.count(),
                      keep.get(), pose_scores.data(), rank.data());
  });
  count("nearby_joints_nms", [&] {
    cpu::nearby_joints_nms(poses, {0.05, K / 2}, images, 0, images.count(), keep.get(),
                           suppressor.data());
  });
  count("box_nms", [&] {
    cpu::box_nms(boxes.data(), scores.data(), 0.5, images, 0, images.count(), keep.get(),
                 suppressor.data());
  });
  count("pose_nms", [&] {
    cpu::pose_nms(poses, boxes.data(), alphapose_preset(), images, 0, images.count(), keep.get(),
                  suppressor.data());
  });
  const cpu::Groups merged = cpu::group_by(suppressor.data(), N);
  std::vector<float> merged_keypoints(N * K * 2), merged_scores(N * K);
  count("merge_poses", [&] {
    cpu::merge_poses(keypoints.data(), scores.data(), boxes.data(), suppressor.data(), N, K,
                     merge_parameters(0.1, 15.0, 0.3, 1e-5), merged, 0, merged.count(),
                     merged_keypoints.data(), merged_scores.data(), keep.get());
  });
}

// Which clones of RMPE_MULTIVERSION run. Under valgrind, whose processor has no AVX-512, that is
// AVX2 at most.
const char* dispatch() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
  if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
#endif
  return "default";
}

}  // namespace

int main() {
  std::printf("compiler: %s\ndispatch: %s\nglibc: %s\n", RMPE_COMPILER, dispatch(),
              gnu_get_libc_version());
  count_crop("crop_upright", 0.0);
  count_crop("crop_rotated", 0.3);
  count_affine_sample();
  count_decode("decode_hrnet", oracle::Convention::kHrnet);
  count_decode("decode_dark", oracle::Convention::kDark);
  count_decode("decode_dark_udp", oracle::Convention::kDarkUdp);
  count_decode_simcc();
  count_soft_argmax();
  count_suppression();
}
