#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "core/half.h"
#include "cuda/crop.h"
#include "oracles/crop.h"
#include "schedules.h"

namespace {

using rmpe::Affine;
using rmpe::Image;

// Owns exactly the bytes of an image, so that reading past them shows.
struct Photograph {
  std::vector<uint8_t> bytes;
  Image view;

  Photograph(int64_t height, int64_t width, int64_t pixel_stride, unsigned seed)
      : bytes(height * width * pixel_stride - (pixel_stride - 3)) {
    std::mt19937 random(seed);
    for (uint8_t& byte : bytes) byte = uint8_t(random());
    view = {bytes.data(), height, width, width * pixel_stride, pixel_stride};
  }
};

const rmpe::Normalization kNormalization{
    {1 / 58.4f, 1 / 57.1f, 1 / 57.4f}, {-2.1f, -2.0f, -1.8f}, true, 114.0f};

// The crop of `image` by the inverse of `matrix`, all in double.
std::vector<double> expected_crop(const Image& image, const double* matrix, int64_t height,
                                  int64_t width) {
  oracle::CropScaling scaling{{}, {}, kNormalization.swap_rb, kNormalization.fill};
  for (int c = 0; c < 3; ++c) {
    scaling.gain[c] = kNormalization.gain[c];
    scaling.bias[c] = kNormalization.bias[c];
  }
  const Affine m = rmpe::invert(rmpe::load_affine(matrix));
  const double inverse[6] = {m.xx, m.xy, m.x0, m.yx, m.yy, m.y0};
  return oracle::crop(image, inverse, height, width, scaling);
}

// upright and inside; rotated across the border; far outside; mirrored; without an inverse; with
// NaN.
const std::vector<double> kMatrices = {0.9,  0.0, -2.25, 0.0, 1.1, -1.5,  0.7, 0.4, -1.0,
                                       -0.4, 0.7, 3.0,   1.0, 0.0, 900.0, 0.0, 1.0, 900.0,
                                       -1.3, 0.0, 20.0,  0.0, 1.3, 0.0,   0.0, 0.0, 0.0,
                                       0.0,  0.0, 0.0,   1.0, NAN, 0.0,   0.0, 1.0, 0.0};

template <typename Stored>
void expect_crops(const std::vector<const Image*>& image_of, const rmpe::cuda::CropBatch& batch,
                  const std::vector<double>& matrices, double tolerance) {
  const int64_t size = 3 * batch.height * batch.width;
  std::unique_ptr<Stored[]> crops(new Stored[batch.N * size]);
  rmpe::cuda::launch_crop(batch, nullptr, crops.get());
  for (int64_t n = 0; n < batch.N; ++n) {
    const Image none{nullptr, 0, 0, 0, 0};
    const std::vector<double> expected = expected_crop(image_of[n] ? *image_of[n] : none,
                                                       &matrices[6 * n], batch.height, batch.width);
    for (int64_t i = 0; i < size; ++i) {
      ASSERT_NEAR(rmpe::widen(crops[n * size + i]), expected[i], tolerance)
          << "crop " << n << ", value " << i;
    }
  }
}

class CudaCrop : public testing::TestWithParam<std::pair<int64_t, int64_t>> {};

TEST_P(CudaCrop, EqualsTheOracle) {
  const auto [height, width] = GetParam();
  const Photograph small(23, 31, 3, 1), padded(19, 17, 4, 2);
  const Image list[2] = {small.view, padded.view};
  const std::vector<int64_t> index = {0, 1, 0, 1, 0, 1};
  std::vector<const Image*> image_of;
  for (const int64_t i : index) image_of.push_back(&list[i]);
  const rmpe::cuda::CropBatch batch{
      {list, 2, 2, 0}, index.data(), {kMatrices.data(), true}, 6, height, width, kNormalization};
  for_each_schedule([&] {
    expect_crops<float>(image_of, batch, kMatrices, 1e-4);
    expect_crops<rmpe::Half>(image_of, batch, kMatrices, 4e-3);
    expect_crops<rmpe::BFloat16>(image_of, batch, kMatrices, 3e-2);
  });
}

// One pixel; less than one thread's pixels; not a multiple of them; several blocks.
INSTANTIATE_TEST_SUITE_P(Sizes, CudaCrop,
                         testing::Values(std::pair(1, 1), std::pair(5, 3), std::pair(7, 10),
                                         std::pair(24, 20), std::pair(37, 64)));

TEST(CudaCropImages, AStackIsReadInPlace) {
  const Photograph stack(3 * 11, 13, 3, 3);  // three images of 11 rows
  std::vector<Image> images;
  std::vector<const Image*> image_of;
  for (int i = 0; i < 3; ++i) images.push_back({stack.bytes.data() + i * 11 * 39, 11, 13, 39, 3});
  for (const Image& image : images) image_of.push_back(&image);
  const rmpe::cuda::CropBatch batch{
      {images.data(), 1, 3, 11 * 39}, nullptr, {kMatrices.data(), true}, 3, 8, 12, kNormalization};
  expect_crops<float>(image_of, batch, kMatrices, 1e-4);
}

TEST(CudaCropImages, ManyOfDifferentSizesTakeSeveralLaunches) {
  constexpr int64_t kImages = 130;
  std::vector<Photograph> photographs;
  std::vector<Image> list;
  std::vector<const Image*> image_of;
  std::vector<double> matrices;
  for (int64_t i = 0; i < kImages; ++i) {
    photographs.emplace_back(3 + i % 7, 4 + i % 5, 3, unsigned(i));
    matrices.insert(matrices.end(), {1.0, 0.0, 0.5, 0.0, 1.0, 0.25});
  }
  for (const Photograph& photograph : photographs) list.push_back(photograph.view);
  for (const Image& image : list) image_of.push_back(&image);
  const rmpe::cuda::CropBatch batch{{list.data(), kImages, kImages, 0},
                                    nullptr,
                                    {matrices.data(), true},
                                    kImages,
                                    4,
                                    4,
                                    kNormalization};
  expect_crops<float>(image_of, batch, matrices, 1e-4);
}

TEST(CudaCropImages, AnIndexOfNoImageGivesFill) {
  const Photograph photograph(5, 6, 3, 4);
  const std::vector<int64_t> index = {-1, 0, 1};
  const std::vector<const Image*> image_of = {nullptr, &photograph.view, nullptr};
  const rmpe::cuda::CropBatch batch{
      {&photograph.view, 1, 1, 0}, index.data(), {kMatrices.data(), true}, 3, 4, 4, kNormalization};
  expect_crops<float>(image_of, batch, kMatrices, 1e-4);
}

TEST(CudaCropImages, NoImagesGiveFill) {
  const std::vector<int64_t> index = {0, 0};
  const rmpe::cuda::CropBatch batch{
      {nullptr, 0, 0, 0}, index.data(), {kMatrices.data(), true}, 2, 4, 4, kNormalization};
  expect_crops<float>({nullptr, nullptr}, batch, kMatrices, 1e-4);
}

TEST(CudaCropImages, SinglePrecisionMatricesAreRead) {
  const Photograph photograph(9, 9, 3, 5);
  const std::vector<float> matrix = {1.5f, 0.25f, -1.0f, -0.25f, 1.5f, 0.5f};
  const std::vector<double> same(matrix.begin(), matrix.end());
  const rmpe::cuda::CropBatch batch{
      {&photograph.view, 1, 1, 0}, nullptr, {matrix.data(), false}, 1, 8, 8, kNormalization};
  expect_crops<float>({&photograph.view}, batch, same, 1e-4);
}

}  // namespace
