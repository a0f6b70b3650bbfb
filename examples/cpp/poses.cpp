// What a pose pipeline does around its network: cuts people out of an image, reads the network's
// heatmaps, and keeps one pose of those that show the same person.
#include <rmpe_ext/cpu/crop.h>
#include <rmpe_ext/cpu/crop_matrices.h>
#include <rmpe_ext/cpu/decode.h>
#include <rmpe_ext/cpu/pose_nms.h>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

// Detections x1, y1, x2, y2: two of one person, one of another.
constexpr int64_t kPeople = 3, kJoints = 4;
const std::vector<float> kBoxes{40, 30, 88, 94, 42, 31, 90, 95, 120, 20, 168, 84};

constexpr int64_t kCropHeight = 128, kCropWidth = 96;
constexpr int64_t kStride = 4, kMapHeight = kCropHeight / kStride, kMapWidth = kCropWidth / kStride;

// Image pixel -> crop pixel, as networks of the HRNet family expect their crops.
std::vector<rmpe::Affine> crop_matrices() {
  const rmpe::CropGeometry geometry{kCropHeight, kCropWidth, 0.25, 0.0, rmpe::Grid::kAsymmetric};
  std::vector<float> matrices(kPeople * 6);
  rmpe::cpu::crop_matrices(kBoxes.data(), nullptr, geometry, 0, kPeople, matrices.data());
  std::vector<rmpe::Affine> maps;
  for (int64_t n = 0; n < kPeople; ++n) maps.push_back(rmpe::load_affine(matrices.data() + 6 * n));
  return maps;
}

// One crop for each box, (value / 255 - 0.5) / 0.25, in planes.
std::vector<float> crop(const rmpe::Image& image, const std::vector<rmpe::Affine>& to_image) {
  const float gain = 1.0f / 255.0f / 0.25f, bias = -0.5f / 0.25f;
  rmpe::cpu::CropBatch batch{};
  batch.images = rmpe::image_list(&image, 1);
  batch.to_image = to_image.data();
  batch.N = kPeople;
  batch.height = kCropHeight;
  batch.width = kCropWidth;
  batch.normalization = {{gain, gain, gain}, {bias, bias, bias}, false, 0.0f};
  std::vector<float> crops(kPeople * 3 * kCropHeight * kCropWidth);
  // Rows of the crops. Give each of your threads a range of them.
  rmpe::cpu::crop(batch, 0, kPeople * kCropHeight, crops.data());
  return crops;
}

// In place of a network: a spot for each joint, at the same place of the image for all boxes that
// show the same person, as good as the box is.
std::vector<float> heatmaps(const std::vector<rmpe::Affine>& to_crop) {
  std::vector<float> maps;
  for (int64_t n = 0; n < kPeople; ++n) {
    const double left = n < 2 ? 50.0 : 130.0, value = n == 1 ? 0.7 : 0.9;
    for (int64_t k = 0; k < kJoints; ++k) {
      const double x = left + 8.0 * double(k), y = 40.0 + 12.0 * double(k);
      const double peak_x = map_x(to_crop[n], x, y) / kStride;
      const double peak_y = map_y(to_crop[n], x, y) / kStride;
      for (int64_t row = 0; row < kMapHeight; ++row) {
        for (int64_t column = 0; column < kMapWidth; ++column) {
          const double dx = double(column) - peak_x, dy = double(row) - peak_y;
          maps.push_back(float(value * std::exp(-(dx * dx + dy * dy) / 8.0)));
        }
      }
    }
  }
  return maps;
}

struct Keypoints {
  std::vector<float> positions;  // [kPeople, kJoints, 2], image pixels
  std::vector<float> scores;     // [kPeople, kJoints]
};

// A quarter pixel toward the larger neighbor, not within 2 pixels of the first edge and 1 of the
// last: the "hrnet" row of rmpe_ext/conventions.py, where the other conventions are.
Keypoints decode(const std::vector<float>& maps, const std::vector<rmpe::Affine>& to_image) {
  rmpe::cpu::DecodeBatch<float> batch{};
  batch.heatmaps = {maps.data(), kJoints * kMapHeight * kMapWidth, kMapHeight * kMapWidth};
  batch.to_image = to_image.data();
  batch.N = kPeople;
  batch.K = kJoints;
  batch.height = kMapHeight;
  batch.width = kMapWidth;
  rmpe::Refinement& refinement = batch.convention.refinement;
  refinement.method = rmpe::Subpixel::kQuarter;
  refinement.along = refinement.across = {2, 1};
  batch.convention.grid = {double(kStride), double(kStride), 0.0};
  Keypoints keypoints{std::vector<float>(kPeople * kJoints * 2),
                      std::vector<float>(kPeople * kJoints)};
  rmpe::cpu::decode(batch, 0, kPeople * kJoints, keypoints.positions.data(),
                    keypoints.scores.data());
  return keypoints;
}

}  // namespace

int main() {
  // A gradient of 160 x 200 pixels, 8-bit RGB.
  constexpr int64_t height = 160, width = 200;
  std::vector<uint8_t> pixels;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      pixels.insert(pixels.end(), {uint8_t(x), uint8_t(y), uint8_t(128)});
    }
  }
  const rmpe::Image image{pixels.data(), height, width, 3 * width, 3};

  const std::vector<rmpe::Affine> to_crop = crop_matrices();
  std::vector<rmpe::Affine> to_image;
  for (const rmpe::Affine& matrix : to_crop) to_image.push_back(invert(matrix));

  const std::vector<float> crops = crop(image, to_image);
  constexpr int64_t plane = kCropHeight * kCropWidth;
  for (int64_t n = 0; n < kPeople; ++n) {
    const int64_t offset = kCropHeight / 2 * kCropWidth + kCropWidth / 2;
    const float* middle = crops.data() + n * 3 * plane + offset;
    std::printf("crop %d, middle: %.3f %.3f %.3f\n", int(n), middle[0], middle[plane],
                middle[2 * plane]);
  }

  const Keypoints keypoints = decode(heatmaps(to_crop), to_image);

  // The "alphapose" row of rmpe_ext/presets.py, for poses of 17 joints; for 4, a lower threshold.
  rmpe::PoseNMSParameters parameters;
  parameters.sigma1 = 1.0;
  parameters.sigma2 = 2.65;
  parameters.lam = 1.7;
  parameters.eta = 22.48 * kJoints / 17;
  parameters.match_radius = 1.0;
  const rmpe::PoseList<float> poses{keypoints.positions.data(), keypoints.scores.data(), nullptr,
                                    kJoints};
  const rmpe::cpu::Groups images = rmpe::cpu::group_by(nullptr, kPeople);
  bool keep[kPeople];
  int64_t suppressor[kPeople];
  rmpe::cpu::pose_nms(poses, kBoxes.data(), parameters, images, 0, images.count(), keep,
                      suppressor);
  for (int64_t n = 0; n < kPeople; ++n) {
    std::printf("pose %d, ", int(n));
    if (keep[n]) {
      std::printf("kept:");
    } else {
      std::printf("removed by pose %d:", int(suppressor[n]));
    }
    for (int64_t k = 0; k < kJoints; ++k) {
      const float* xy = keypoints.positions.data() + 2 * (n * kJoints + k);
      std::printf(" (%.1f, %.1f)", xy[0], xy[1]);
    }
    std::printf("\n");
  }
}
