// The rows of a crop under every set of instructions that this processor has.
#include <algorithm>

#include "core/crop.h"
#include "cpu/column_taps.h"
#include "cpu/rotated_row.h"
#include "values.h"

namespace {

using rmpe::Affine;
using rmpe::Image;
using rmpe::cpu::Instructions;

std::vector<Instructions> available() {
  std::vector<Instructions> sets;
  for (const Instructions set :
       {Instructions::kPortable, Instructions::kAvx2, Instructions::kAvx512Vbmi}) {
    if (set <= rmpe::cpu::best_instructions()) sets.push_back(set);
  }
  return sets;
}

std::vector<uint8_t> random_bytes(Random& random, int64_t size) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = uint8_t(random.whole(0, 255));
  return bytes;
}

// From pixels magnified to many times a pixel between columns; sometimes mirrored.
double random_step(Random& random) {
  const double step = std::exp(random.uniform(-3.0, 2.5));
  return random.one_in(3) ? -step : step;
}

// The bilinear sample of channel c at (x, y); a tap outside the image is `fill`.
double sample(const Image& image, double x, double y, double fill, int c) {
  double sum = 0.0;
  for (int tap = 0; tap < 4; ++tap) {
    const double column = std::floor(x) + (tap & 1), row = std::floor(y) + (tap >> 1);
    const double weight = (1.0 - std::abs(x - column)) * (1.0 - std::abs(y - row));
    const bool inside = column >= 0 && column < image.width && row >= 0 && row < image.height;
    sum += weight * (inside ? image.data[int64_t(row) * image.row_stride +
                                         int64_t(column) * image.pixel_stride + c]
                            : fill);
  }
  return sum;
}

TEST(CropRows, UprightOnesAreInterpolatedAlikeByAllInstructions) {
  Random random(0);
  for (int round = 0; round < 3000; ++round) {
    const int64_t width = random.whole(1, 70), pixel_stride = random.whole(3, 5);
    const int64_t image_width = random.one_in(3) ? random.whole(1, 20) : random.whole(20, 400);
    // The memory ends where the row does.
    const std::vector<uint8_t> row = random_bytes(random, (image_width - 1) * pixel_stride + 3);
    const Image image{row.data(), 1, image_width, 0, pixel_stride};
    const double step = random_step(random);
    const double start = random.uniform(-20.0, double(image_width) + 20.0);
    const float fill = random.one_in(2) ? 0.0f : 40.0f;

    std::vector<float> portable;
    for (const Instructions set : available()) {
      rmpe::cpu::ColumnTaps taps(width, set);
      taps.set(image, Affine{step, 0, start, 0, 1, 0}, fill);
      std::vector<float> planes(3 * taps.plane_stride()), got;
      taps.interpolate(row.data(), planes.data());
      for (int c = 0; c < 3; ++c) {
        const auto plane = planes.begin() + c * taps.plane_stride();
        got.insert(got.end(), plane, plane + width);
      }
      if (set == Instructions::kPortable) {
        portable = got;
        for (int c = 0; c < 3; ++c) {
          for (int64_t x = 0; x < width; ++x) {
            ASSERT_NEAR(got[c * width + x], sample(image, start + double(x) * step, 0.0, fill, c),
                        1e-3);
          }
        }
      }
      expect_same(got, portable);
    }
  }
}

TEST(CropRows, RotatedOnesAreSampledAlikeByAllInstructions) {
  Random random(0);
  for (int round = 0; round < 3000; ++round) {
    const int64_t height = random.whole(1, 90);
    const int64_t image_width = random.one_in(3) ? random.whole(1, 4) : random.whole(1, 90);
    const int64_t pixel_stride = random.whole(3, 6), width = random.whole(1, 70);
    const int64_t row_stride =
        random.one_in(5) ? 0 : (image_width - 1) * pixel_stride + random.whole(3, 9);
    const std::vector<uint8_t> bytes =
        random_bytes(random, (height - 1) * row_stride + (image_width - 1) * pixel_stride + 3);
    const Image image{bytes.data(), height, image_width, row_stride, pixel_stride};
    const double x = random.uniform(-5.0, double(image_width) + 5.0);
    const double y = random.uniform(-5.0, double(height) + 5.0);
    // Magnified, many columns lie between two pixels.
    const double most = random.one_in(2) ? 2.0 : 0.05;
    const double dx = random.uniform(-most, most), dy = random.uniform(-most, most);
    const rmpe::cpu::RowLine line{rmpe::to_fixed(x), rmpe::to_fixed(y), rmpe::to_fixed(dx),
                                  rmpe::to_fixed(dy)};
    const rmpe::Normalization normalization{
        {1.0f, 2.0f, -3.0f}, {0.0f, 0.5f, -1.0f}, random.one_in(2), 40.0f};

    std::vector<float> portable;
    for (const Instructions set : available()) {
      std::vector<float> got(3 * width);
      float* const row[3] = {got.data(), got.data() + width, got.data() + 2 * width};
      rmpe::cpu::sample_row(image, line, normalization, width, set, row);
      if (set == Instructions::kPortable) {
        portable = got;
        for (int c = 0; c < 3; ++c) {
          for (int64_t i = 0; i < width; ++i) {
            const double value = sample(image, x + double(i) * dx, y + double(i) * dy,
                                        normalization.fill, normalization.source_channel(c));
            ASSERT_NEAR(got[c * width + i], normalization.gain[c] * value + normalization.bias[c],
                        2e-3);
          }
        }
      }
      expect_same(got, portable);
    }
  }
}

}  // namespace
