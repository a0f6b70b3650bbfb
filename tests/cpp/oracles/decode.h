// Decoding of one heatmap, from the whole blurred map where a convention blurs, as the networks'
// authors do it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace oracle {

enum class Convention { kHrnet, kMmpose, kHourglass, kDark, kDarkUdp, kArgmax };

struct Joint {
  double x, y;  // heatmap pixels
  double score;
};

using Map = std::vector<double>;  // [height, width]

inline Map average_flipped(const Map& map, const Map& flipped, int64_t height, int64_t width,
                           bool shift) {
  Map average(map.size());
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const int64_t source = shift && x > 0 ? x - 1 : x;
      average[y * width + x] = (map[y * width + x] + flipped[y * width + (width - 1 - source)]) / 2;
    }
  }
  return average;
}

// An 11-pixel Gaussian of sigma 2 with zeros outside.
inline Map blur(const Map& map, int64_t height, int64_t width) {
  double taps[11], total = 0.0;
  for (int i = 0; i < 11; ++i) total += taps[i] = std::exp(-(i - 5) * (i - 5) / 8.0);
  Map blurred(map.size());
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      double sum = 0.0;
      for (int j = -5; j <= 5; ++j) {
        for (int i = -5; i <= 5; ++i) {
          if (y + j < 0 || y + j >= height || x + i < 0 || x + i >= width) continue;
          sum += taps[5 + j] * taps[5 + i] * map[(y + j) * width + x + i];
        }
      }
      blurred[y * width + x] = sum / (total * total);
    }
  }
  return blurred;
}

// The logarithm of the blurred map, rescaled to the map's maximum and limited to [floor, ceiling].
inline Map log_blurred(const Map& map, int64_t height, int64_t width, double floor,
                       double ceiling) {
  Map log = blur(map, height, width);
  const double scale =
      *std::max_element(map.begin(), map.end()) / *std::max_element(log.begin(), log.end());
  for (double& value : log) value = std::log(std::min(std::max(scale * value, floor), ceiling));
  return log;
}

// -Hess^-1 grad; zero where that is not finite.
inline std::pair<double, double> newton_step(double dx, double dy, double dxx, double dyy,
                                             double dxy) {
  const double determinant = dxx * dyy - dxy * dxy;
  const double x = -(dyy * dx - dxy * dy) / determinant;
  const double y = -(dxx * dy - dxy * dx) / determinant;
  if (!std::isfinite(x) || !std::isfinite(y)) return {0.0, 0.0};
  return {x, y};
}

// Differences over two pixels. No step within two pixels of the border, or where the curvature is
// what rounding leaves of none.
inline std::pair<double, double> dark_step(const Map& map, int64_t height, int64_t width, int64_t x,
                                           int64_t y) {
  if (!(1 < x && x < width - 2 && 1 < y && y < height - 2)) return {0.0, 0.0};
  const Map log = log_blurred(map, height, width, 1e-10, std::numeric_limits<double>::infinity());
  const auto h = [&](int64_t i, int64_t j) { return log[(y + j) * width + x + i]; };
  const double dx = (h(1, 0) - h(-1, 0)) / 2, dy = (h(0, 1) - h(0, -1)) / 2;
  const double dxx = (h(2, 0) - 2 * h(0, 0) + h(-2, 0)) / 4;
  const double dyy = (h(0, 2) - 2 * h(0, 0) + h(0, -2)) / 4;
  const double dxy = (h(1, 1) - h(1, -1) - h(-1, 1) + h(-1, -1)) / 4;
  const double largest = std::max({std::fabs(dxx), std::fabs(dyy), std::fabs(dxy)});
  if (!(largest > 1e-10) || std::fabs(dxx * dyy - dxy * dxy) < 1e-11 * largest * largest) {
    return {0.0, 0.0};
  }
  return newton_step(dx, dy, dxx, dyy, dxy);
}

// Differences over one pixel, the outer pixels being repeated beyond the border.
inline std::pair<double, double> dark_udp_step(const Map& map, int64_t height, int64_t width,
                                               int64_t x, int64_t y) {
  const Map log = log_blurred(map, height, width, 1e-3, 50.0);
  const auto h = [&](int64_t i, int64_t j) {
    const int64_t column = std::clamp<int64_t>(x + i, 0, width - 1);
    const int64_t row = std::clamp<int64_t>(y + j, 0, height - 1);
    return log[row * width + column];
  };
  const double eps = double(std::numeric_limits<float>::epsilon());
  const double dx = (h(1, 0) - h(-1, 0)) / 2, dy = (h(0, 1) - h(0, -1)) / 2;
  const double dxx = h(1, 0) - 2 * h(0, 0) + h(-1, 0) + eps;
  const double dyy = h(0, 1) - 2 * h(0, 0) + h(0, -1) + eps;
  const double dxy =
      (h(1, 1) - h(1, 0) - h(0, 1) + 2 * h(0, 0) - h(-1, 0) - h(0, -1) + h(-1, -1)) / 2;
  return newton_step(dx, dy, dxx, dyy, dxy);
}

// A quarter pixel toward the larger neighbor, on the axes that are asked for.
inline std::pair<double, double> quarter_step(const Map& map, int64_t width, int64_t x, int64_t y,
                                              bool along_x, bool along_y) {
  const auto toward = [](double ahead, double behind) {
    return ahead > behind ? 0.25 : (ahead < behind ? -0.25 : 0.0);
  };
  const double* peak = map.data() + y * width + x;
  return {along_x ? toward(peak[1], peak[-1]) : 0.0,
          along_y ? toward(peak[width], peak[-width]) : 0.0};
}

inline std::pair<double, double> subpixel_step(const Map& map, int64_t height, int64_t width,
                                               int64_t x, int64_t y, Convention convention) {
  const bool inner_x = 1 < x && x < width - 1, inner_y = 1 < y && y < height - 1;
  switch (convention) {
    case Convention::kHrnet:
      return quarter_step(map, width, x, y, inner_x && inner_y, inner_x && inner_y);
    case Convention::kMmpose:
      return quarter_step(map, width, x, y, inner_x && 0 < y, inner_y && 0 < x);
    case Convention::kHourglass: {
      const bool inside = 1 <= x && x <= width - 2 && 1 <= y && y <= height - 2;
      return quarter_step(map, width, x, y, inside, inside);
    }
    case Convention::kDark:
      return dark_step(map, height, width, x, y);
    case Convention::kDarkUdp:
      return dark_udp_step(map, height, width, x, y);
    case Convention::kArgmax:
      break;
  }
  return {0.0, 0.0};
}

// The first of the largest values; a map with a NaN has no joint.
inline Joint decode(const Map& map, int64_t height, int64_t width, Convention convention) {
  for (const double value : map) {
    if (std::isnan(value)) return {NAN, NAN, NAN};
  }
  const int64_t index = std::max_element(map.begin(), map.end()) - map.begin();
  const int64_t x = index % width, y = index / width;
  const double score = map[index];
  if (score <= 0.0 && convention != Convention::kArgmax) {
    const bool marked = convention == Convention::kMmpose || convention == Convention::kHourglass;
    const double no_peak = marked ? -1.0 : 0.0;
    return {no_peak, no_peak, score};
  }
  const auto [dx, dy] = subpixel_step(map, height, width, x, y, convention);
  return {double(x) + dx, double(y) + dy, score};
}

}  // namespace oracle
