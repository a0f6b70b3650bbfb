#include <memory>

#include "core/half.h"
#include "cpu/crop.h"
#include "oracles/crop.h"
#include "values.h"

namespace {

using rmpe::Affine;
using rmpe::Image;
using rmpe::cpu::CropBatch;

// An image that ends where its memory ends.
struct Pixels {
  int64_t height, width, row_stride, pixel_stride;
  std::vector<uint8_t> bytes;

  // row_stride 0: one row in memory stands for all, as in an expanded view.
  Pixels(Random& random, int64_t height, int64_t width, int64_t row_stride, int64_t pixel_stride)
      : height(height), width(width), row_stride(row_stride), pixel_stride(pixel_stride) {
    if (height > 0 && width > 0) {
      bytes.resize((height - 1) * row_stride + (width - 1) * pixel_stride + 3);
    }
    for (uint8_t& byte : bytes) byte = uint8_t(random.whole(0, 255));
  }

  Image view() const { return {bytes.data(), height, width, row_stride, pixel_stride}; }
};

Pixels random_pixels(Random& random) {
  const int64_t height = random.whole(1, 12), width = random.whole(1, 12);
  const int64_t pixel_stride = random.whole(3, 5);
  const int64_t row_stride = random.one_in(5) ? 0 : width * pixel_stride + random.whole(0, 4);
  return Pixels(random, height, width, row_stride, pixel_stride);
}

Affine random_inverse(Random& random, bool upright) {
  std::vector<double> m = random.values(6, -2.0, 2.0);
  m[2] *= 10.0;
  m[5] *= 10.0;
  if (upright) m[1] = m[3] = 0.0;
  return rmpe::load_affine(m.data());
}

const rmpe::Normalization kNormalization{{1.0f, 2.0f, -3.0f}, {0.0f, 0.5f, -1.0f}, true, 40.0f};

std::vector<double> oracle_crop(const Image& image, const Affine& inverse, int64_t height,
                                int64_t width, const rmpe::Normalization& n) {
  const double m[6] = {inverse.xx, inverse.xy, inverse.x0, inverse.yx, inverse.yy, inverse.y0};
  return oracle::crop(
      image, m, height, width,
      {{n.gain[0], n.gain[1], n.gain[2]}, {n.bias[0], n.bias[1], n.bias[2]}, n.swap_rb, n.fill});
}

// All N crops, in ranges of so many rows.
template <typename Stored>
std::vector<Stored> crop(const CropBatch& batch, int64_t N, int64_t rows) {
  std::vector<Stored> crops(N * 3 * batch.height * batch.width);
  in_ranges(N * batch.height, rows,
            [&](int64_t begin, int64_t end) { rmpe::cpu::crop(batch, begin, end, crops.data()); });
  return crops;
}

template <typename Stored>
class Crop : public ::testing::Test {
 protected:
  static void expect_crop(const Image& image, const Affine& inverse, int64_t height, int64_t width,
                          const rmpe::Normalization& normalization = kNormalization) {
    const CropBatch batch{
        rmpe::image_list(&image, 1), nullptr, &inverse, 1, height, width, normalization};
    const std::vector<double> got = widened(crop<Stored>(batch, 1, height));
    // A 24-bit fraction between bytes, and float32 arithmetic on up to three times as much.
    const double rounding = kSpacing<Stored> > kSpacing<float> ? kSpacing<Stored> : 0.0;
    expect_near(got, oracle_crop(image, inverse, height, width, normalization), 1e-3, rounding);
  }
};
using CropTypes = ::testing::Types<float, rmpe::Half, rmpe::BFloat16>;
TYPED_TEST_SUITE(Crop, CropTypes);

TYPED_TEST(Crop, EqualsTheOracle) {
  Random random(0);
  for (int round = 0; round < 1500; ++round) {
    const Pixels pixels = random_pixels(random);
    this->expect_crop(pixels.view(), random_inverse(random, round % 2), random.whole(1, 20),
                      random.whole(1, 20));
  }
}

// Every pixel of the image, the last one included, is a tap.
TYPED_TEST(Crop, WholePixelMapsCopyTheImage) {
  Random random(0);
  const rmpe::Normalization plain{{1, 1, 1}, {0, 0, 0}, false, 0};
  for (const int64_t size : {1, 2, 9, 64}) {
    const Pixels pixels(random, size, size, 3 * size, 3);
    const Image image = pixels.view();
    const double last = double(size - 1);
    for (const Affine& map : {Affine{1, 0, 0, 0, 1, 0}, Affine{-1, 0, last, 0, -1, last},
                              Affine{0, 1, 0, 1, 0, 0}, Affine{0, -1, last, 1, 0, 0}}) {
      const CropBatch batch{rmpe::image_list(&image, 1), nullptr, &map, 1, size, size, plain};
      expect_near(widened(crop<TypeParam>(batch, 1, size)),
                  oracle_crop(image, map, size, size, plain), 0.0);
    }
  }
}

TYPED_TEST(Crop, ChannelsKeepTheirOrderUnlessSwapped) {
  const std::vector<uint8_t> bytes{10, 20, 30};
  const Image image{bytes.data(), 1, 1, 3, 3};
  const Affine identity{1, 0, 0, 0, 1, 0};
  for (const bool swap : {false, true}) {
    const rmpe::Normalization n{{1, 1, 1}, {0, 0, 0}, swap, 0};
    const std::vector<double> got = widened(
        crop<TypeParam>({rmpe::image_list(&image, 1), nullptr, &identity, 1, 1, 1, n}, 1, 1));
    EXPECT_EQ(got, (swap ? std::vector<double>{30, 20, 10} : std::vector<double>{10, 20, 30}));
  }
}

TYPED_TEST(Crop, WhatShowsNoImageIsFill) {
  Random random(0);
  const Pixels pixels(random, 5, 7, 21, 3), empty(random, 0, 7, 21, 3), thin(random, 5, 0, 0, 3);
  const double inf = infinity<double>();
  this->expect_crop(pixels.view(), {1, 0, 1e6, 0, 1, 0}, 4, 6);
  this->expect_crop(pixels.view(), {1, 0, 0, 0, 1, -1e12}, 4, 6);
  this->expect_crop(pixels.view(), {1, 0.5, 1e300, 0, 1, 0}, 4, 6);
  for (int place = 0; place < 6; ++place) {
    for (const double bad : {inf, -inf, nan<double>()}) {
      std::vector<double> m{1, 0, 0, 0, 1, 0};
      m[place] = bad;
      this->expect_crop(pixels.view(), rmpe::load_affine(m.data()), 4, 6);
    }
  }
  this->expect_crop(empty.view(), {1, 0, 0, 0, 1, 0}, 4, 6);
  this->expect_crop(thin.view(), {1, 0, 0, 0, 1, 0}, 4, 6);
}

// A thousand columns away from the first, a step's rounding has not added up.
TYPED_TEST(Crop, LongRowsStayExact) {
  Random random(0);
  const Pixels pixels(random, 4, 1999, 6000, 3);
  this->expect_crop(pixels.view(), {1.0 / 3.0, 0, 0.1, 0, 1.0 / 7.0, 0}, 5, 5000);
  this->expect_crop(pixels.view(), {1.0 / 3.0, 0.01, 0.1, 1e-4, 1.0 / 7.0, 0}, 5, 5000);
}

TYPED_TEST(Crop, StepsMayBeAsLongAsFixedPointAllows) {
  Random random(0);
  const Pixels pixels(random, 5, 7, 21, 3);
  for (const int64_t size : {1, 2, 7, 33}) {
    const double step = 268435456.0 / double(size) - 1.0;
    for (const double sign : {1.0, -1.0}) {
      this->expect_crop(pixels.view(), {sign * step, 0, 3.25, 0, 1, 0}, size, size);
      this->expect_crop(pixels.view(), {1, 0, 3.25, 0, sign * step, 2.5}, size, size);
      this->expect_crop(pixels.view(), {sign * step, 1, 3.25, 0, 0, 2.5}, size, size);
    }
  }
}

TYPED_TEST(Crop, EachCropIsOfItsOwnImage) {
  Random random(0);
  const std::vector<Pixels> pixels{random_pixels(random), random_pixels(random),
                                   random_pixels(random)};
  const std::vector<Image> images{pixels[0].view(), pixels[1].view(), pixels[2].view()};
  const std::vector<Affine> inverses{random_inverse(random, true), random_inverse(random, false),
                                     random_inverse(random, true)};
  const std::vector<int64_t> index{2, 0, 2};
  const auto expect = [&](const CropBatch& batch, const std::vector<int64_t>& image_of) {
    std::vector<double> want;
    for (int64_t n = 0; n < 3; ++n) {
      const auto one = oracle_crop(images[image_of[n]], inverses[n], 7, 5, kNormalization);
      want.insert(want.end(), one.begin(), one.end());
    }
    const double rounding = kSpacing<TypeParam> > kSpacing<float> ? kSpacing<TypeParam> : 0.0;
    expect_near(widened(crop<TypeParam>(batch, 3, 21)), want, 1e-3, rounding);
  };
  const rmpe::ImageList list = rmpe::image_list(images.data(), 3);
  expect({list, index.data(), inverses.data(), 3, 7, 5, kNormalization}, index);
  expect({list, nullptr, inverses.data(), 3, 7, 5, kNormalization}, {0, 1, 2});
  expect({rmpe::image_list(images.data(), 1), nullptr, inverses.data(), 3, 7, 5, kNormalization},
         {0, 0, 0});
}

TYPED_TEST(Crop, AStackIsReadInPlace) {
  Random random(0);
  const Pixels stack(random, 12, 5, 17, 3);  // three images of four rows
  const std::vector<Affine> inverses(3, {0.9, 0.0, -0.5, 0.0, 0.7, 0.25});
  std::vector<Image> images;
  for (int i = 0; i < 3; ++i) images.push_back({stack.bytes.data() + i * 4 * 17, 4, 5, 17, 3});
  const CropBatch listed{
      rmpe::image_list(images.data(), 3), nullptr, inverses.data(), 3, 4, 6, kNormalization};
  const CropBatch stacked{
      {images.data(), 1, 3, 4 * 17}, nullptr, inverses.data(), 3, 4, 6, kNormalization};
  expect_same(crop<TypeParam>(stacked, 3, 4), crop<TypeParam>(listed, 3, 4));
}

// As torch.empty(3, 0, 5, 3) is: strides without memory to step through.
TYPED_TEST(Crop, AStackOfImagesWithoutPixelsShowsFill) {
  const Image image{nullptr, 0, 5, 15, 3};
  const std::vector<Affine> inverses(3, {1.0, 0.0, 0.0, 0.0, 1.0, 0.0});
  const CropBatch stacked{{&image, 1, 3, 15}, nullptr, inverses.data(), 3, 4, 6, kNormalization};
  EXPECT_EQ(stacked.images[2].data, nullptr);
  std::vector<double> want;
  for (int n = 0; n < 3; ++n) {
    const auto one = oracle_crop(image, inverses[n], 4, 6, kNormalization);
    want.insert(want.end(), one.begin(), one.end());
  }
  expect_near(widened(crop<TypeParam>(stacked, 3, 4)), want, 1e-3, kSpacing<TypeParam>);
}

TYPED_TEST(Crop, RangesOfRowsGiveWhatOneRangeGives) {
  Random random(0);
  for (int round = 0; round < 60; ++round) {
    const Pixels pixels = random_pixels(random);
    const std::vector<Affine> inverses{random_inverse(random, true), random_inverse(random, false),
                                       Affine{nan<double>(), 0, 0, 0, 1, 0}};
    const Image image = pixels.view();
    const int64_t height = random.whole(1, 9), width = random.whole(1, 9);
    const CropBatch batch{
        rmpe::image_list(&image, 1), nullptr, inverses.data(), 3, height, width, kNormalization};
    const std::vector<TypeParam> whole = crop<TypeParam>(batch, 3, 3 * height);
    for (const int64_t rows : {1, 2, 5}) expect_same(crop<TypeParam>(batch, 3, rows), whole);
  }
}

TYPED_TEST(Crop, NoCropsTouchNothing) {
  rmpe::cpu::crop<TypeParam>({{}, nullptr, nullptr, 0, 8, 6, kNormalization}, 0, 0, nullptr);
}

}  // namespace
