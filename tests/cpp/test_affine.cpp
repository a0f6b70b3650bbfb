#include "core/affine.h"
#include "oracles/affine_sample.h"
#include "values.h"

namespace {

using rmpe::Affine;

std::vector<double> values_of(const Affine& m) { return {m.xx, m.xy, m.x0, m.yx, m.yy, m.y0}; }

Affine random_map(Random& random) { return rmpe::load_affine(random.values(6, -3.0, 3.0).data()); }

TEST(Affine, ComposingAppliesTheInnerMapFirst) {
  Random random(0);
  for (int round = 0; round < 100; ++round) {
    const Affine outer = random_map(random), inner = random_map(random);
    const double x = random.uniform(-9, 9), y = random.uniform(-9, 9);
    const double inner_x = map_x(inner, x, y), inner_y = map_y(inner, x, y);
    const Affine both = compose(outer, inner);
    expect_near({map_x(both, x, y), map_y(both, x, y)},
                {map_x(outer, inner_x, inner_y), map_y(outer, inner_x, inner_y)}, 1e-12);
  }
}

TEST(Affine, TheInverseLeadsBack) {
  Random random(0);
  for (int round = 0; round < 100; ++round) {
    const Affine map = random_map(random);
    if (std::fabs(map.xx * map.yy - map.xy * map.yx) < 0.1) continue;
    expect_near(values_of(compose(invert(map), map)), {1, 0, 0, 0, 1, 0}, 1e-12);
  }
}

TEST(Affine, ASingularOrNonFiniteMapHasNoInverse) {
  const double inf = infinity<double>();
  for (const Affine& map : {Affine{0, 0, 1, 0, 0, 2}, Affine{1, 2, 0, 2, 4, 0},
                            Affine{1e-200, 0, 0, 0, 1e-200, 0}, Affine{1e200, 0, 0, 0, 1e200, 0},
                            Affine{inf, 0, 0, 0, 1, 0}, Affine{nan<double>(), 0, 0, 0, 1, 0}}) {
    const Affine inverse = invert(map);
    EXPECT_FALSE(is_finite(inverse));
    EXPECT_TRUE(std::isnan(map_x(inverse, 1, 1)));
    EXPECT_TRUE(std::isnan(map_y(inverse, 1, 1)));
  }
  EXPECT_FALSE(is_finite(invert(Affine{1, 0, inf, 0, 1, 0})));
}

TEST(Affine, PixelMapIsThetaBetweenPixels) {
  Random random(0);
  for (int round = 0; round < 400; ++round) {
    const Affine theta = random_map(random);
    const int64_t height = random.whole(1, 9), width = random.whole(1, 9);
    const bool align_corners = random.one_in(2);
    const Affine map = pixel_map(theta, double(height), double(width), align_corners);
    const double x = random.uniform(-9, 9), y = random.uniform(-9, 9);
    const double nx = oracle::normalized(x, width, align_corners);
    const double ny = oracle::normalized(y, height, align_corners);
    const double want_x = oracle::to_pixel(map_x(theta, nx, ny), width, align_corners);
    const double want_y = oracle::to_pixel(map_y(theta, nx, ny), height, align_corners);
    // A side of one aligned pixel has nowhere to go.
    expect_near(
        {map_x(map, x, y), map_y(map, x, y)},
        {align_corners && width == 1 ? 0.0 : want_x, align_corners && height == 1 ? 0.0 : want_y},
        1e-11);
  }
}

TEST(Affine, PixelMapOfThetaThatIsNotFiniteIsNan) {
  for (int place = 0; place < 6; ++place) {
    for (const double bad : {infinity<double>(), nan<double>()}) {
      double theta[6] = {1, 0, 0, 0, 1, 0};
      theta[place] = bad;
      for (const double value : values_of(pixel_map(rmpe::load_affine(theta), 4, 4, false))) {
        EXPECT_TRUE(std::isnan(value));
      }
    }
  }
}

}  // namespace
