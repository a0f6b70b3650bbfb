// Crops of images that end where their memory ends: under AddressSanitizer, any read beyond the
// last pixel fails. Values are compared with the one-pixel sampler of the core.
#include <cmath>
#include <memory>
#include <random>

#include "check.h"
#include "cpu/crop.h"

namespace {

// repeated: one row in memory stands for all rows of the image, as in an expanded view.
void check_crop(std::mt19937& random, int64_t image_height, int64_t image_width,
                const rmpe::Affine& inverse, int64_t height, int64_t width,
                bool repeated = false) {
  const int64_t bytes = (repeated ? 1 : image_height) * image_width * 3;
  std::unique_ptr<uint8_t[]> pixels(new uint8_t[bytes]);
  for (int64_t i = 0; i < bytes; ++i) pixels[i] = uint8_t(random());
  const rmpe::Image image{pixels.get(), image_height, image_width,
                          repeated ? 0 : image_width * 3, 3};

  rmpe::cpu::CropBatch batch{{&image, 1, 1, 0}, nullptr, &inverse, height, width, {}};
  batch.normalization = {{1.0f, 2.0f, 3.0f}, {0.0f, 0.5f, -1.0f}, true, 40.0f};
  std::unique_ptr<float[]> crop(new float[3 * height * width]);
  // In two pieces, as two threads would.
  rmpe::cpu::crop(batch, 0, height / 2, crop.get());
  rmpe::cpu::crop(batch, height / 2, height, crop.get());

  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      float rgb[3];
      rmpe::sample_bilinear(image, rmpe::to_fixed(rmpe::map_x(inverse, double(x), double(y))),
                            rmpe::to_fixed(rmpe::map_y(inverse, double(x), double(y))), 40.0f, rgb);
      for (int c = 0; c < 3; ++c) {
        const float want = batch.normalization.gain[c] * rgb[2 - c] + batch.normalization.bias[c];
        CHECK(std::fabs(crop[(c * height + y) * width + x] - want) < 2e-3f);
      }
    }
  }
}

}  // namespace

int main() {
  std::mt19937 random(0);
  std::uniform_real_distribution<double> slope(-2, 2), shift(-20, 20);
  for (int round = 0; round < 2000; ++round) {
    const int64_t image_height = 1 + random() % 12, image_width = 1 + random() % 12;
    const int64_t height = 1 + random() % 20, width = 1 + random() % 20;
    rmpe::Affine inverse{slope(random), slope(random), shift(random),
                         slope(random), slope(random), shift(random)};
    if (round % 2) inverse.xy = inverse.yx = 0.0;
    check_crop(random, image_height, image_width, inverse, height, width, round % 5 == 0);
  }
  // Every pixel of the image, the last one included, is a tap of some column.
  check_crop(random, 9, 9, {1, 0, 0, 0, 1, 0}, 9, 9);
  check_crop(random, 9, 9, {-1, 0, 8, 0, -1, 8}, 9, 9);
  check_crop(random, 9, 9, {0, 1, 0, 1, 0, 0}, 9, 9);
  std::puts("crop: all equal");
}
