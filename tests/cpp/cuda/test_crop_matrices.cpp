#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "cuda/crop_matrices.h"
#include "oracles/crop.h"

namespace {

TEST(CudaCropMatrices, EqualTheOracle) {
  const rmpe::Grid grids[3] = {rmpe::Grid::kAsymmetric, rmpe::Grid::kHalfPixel,
                               rmpe::Grid::kAlignCorners};
  constexpr int64_t kBoxes = 300;  // more than a block
  std::mt19937 random(6);
  std::uniform_real_distribution<double> uniform(1.0, 50.0);
  std::vector<double> boxes, degrees;
  for (int64_t n = 0; n < kBoxes; ++n) {
    const double x = uniform(random), y = uniform(random);
    boxes.insert(boxes.end(), {x, y, x + uniform(random), y + uniform(random)});
    degrees.push_back(uniform(random) * 7.0);
  }
  for (const rmpe::Grid grid : grids) {
    for (const bool turned : {false, true}) {
      const rmpe::CropGeometry geometry{64, 48, 0.25, 0.075, grid};
      std::vector<double> matrices(6 * kBoxes);
      rmpe::cuda::launch_crop_matrices(
          boxes.data(), turned ? rmpe::cuda::Floats{degrees.data(), true} : rmpe::cuda::Floats{},
          geometry, kBoxes, nullptr, matrices.data());
      for (int64_t n = 0; n < kBoxes; ++n) {
        const double radians = turned ? degrees[n] * std::acos(-1.0) / 180.0 : 0.0;
        const auto expected = oracle::crop_matrix(&boxes[4 * n], radians, geometry);
        for (int i = 0; i < 6; ++i) ASSERT_NEAR(matrices[6 * n + i], expected[i], 1e-9);
      }
    }
  }
}

TEST(CudaCropMatrices, NoBoxesAreFine) {
  rmpe::cuda::launch_crop_matrices<float>(nullptr, {}, {64, 48, 0.25, 0.0, rmpe::Grid::kHalfPixel},
                                          0, nullptr, nullptr);
}

}  // namespace
