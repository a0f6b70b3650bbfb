#include "cpu/crop_matrices.h"
#include "oracles/crop.h"
#include "values.h"

namespace {

template <typename T>
class CropMatrices : public ::testing::Test {};
TYPED_TEST_SUITE(CropMatrices, FloatingTypes);

TYPED_TEST(CropMatrices, EqualTheOracle) {
  Random random(0);
  for (const rmpe::Grid grid :
       {rmpe::Grid::kAsymmetric, rmpe::Grid::kHalfPixel, rmpe::Grid::kAlignCorners}) {
    for (const bool turned : {false, true}) {
      const rmpe::CropGeometry geometry{random.whole(2, 300), random.whole(2, 300),
                                        random.uniform(-0.5, 1.0), random.uniform(0.0, 0.1), grid};
      const int64_t N = 50;
      std::vector<double> boxes;
      for (int64_t n = 0; n < N; ++n) {
        const double x = random.uniform(-50, 500), y = random.uniform(-50, 500);
        boxes.insert(boxes.end(), {x, y, x + random.uniform(1, 400), y + random.uniform(1, 400)});
      }
      const std::vector<TypeParam> given = stored<TypeParam>(boxes);
      boxes = widened(given);
      const std::vector<double> radians = random.values(N, -4.0, 4.0);
      std::vector<TypeParam> matrices(6 * N);
      in_ranges(N, 7, [&](int64_t begin, int64_t end) {
        rmpe::cpu::crop_matrices(given.data(), turned ? radians.data() : nullptr, geometry, begin,
                                 end, matrices.data());
      });
      std::vector<double> want;
      for (int64_t n = 0; n < N; ++n) {
        const auto matrix =
            oracle::crop_matrix(boxes.data() + 4 * n, turned ? radians[n] : 0.0, geometry);
        want.insert(want.end(), matrix.begin(), matrix.end());
      }
      expect_near(widened(matrices), want, 1e-9, kSpacing<TypeParam>);
    }
  }
}

TYPED_TEST(CropMatrices, ABoxWithoutAreaHasNone) {
  const rmpe::CropGeometry geometry{256, 192, 0.25, 0.0, rmpe::Grid::kAsymmetric};
  const TypeParam nan = ::nan<TypeParam>();
  for (const std::vector<TypeParam>& box :
       {std::vector<TypeParam>{3, 4, 3, 4}, {nan, 4, 9, 9}, {3, 4, 9, infinity<TypeParam>()}}) {
    TypeParam matrix[6];
    rmpe::cpu::crop_matrices(box.data(), nullptr, geometry, 0, 1, matrix);
    EXPECT_FALSE(is_finite(rmpe::load_affine(matrix)));
  }
}

}  // namespace
