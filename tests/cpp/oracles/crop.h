// Crops and crop matrices, one pixel at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/crop.h"
#include "core/crop_matrices.h"

namespace oracle {

// box: [4] x1, y1, x2, y2. Returns [2, 3], image pixel -> crop pixel.
inline std::array<double, 6> crop_matrix(const double* box, double radians,
                                         const rmpe::CropGeometry& g) {
  const double width = double(g.width), height = double(g.height);
  const double box_width = box[2] - box[0], box_height = box[3] - box[1];
  const double w = std::max(box_width, box_height * width / height);
  const double h = std::max(box_height, box_width * height / width);
  const double center_x = (box[0] + box[2]) / 2,
               center_y = (box[1] + box[3]) / 2 + g.center_shift * h;
  const bool corners = g.grid == rmpe::Grid::kAlignCorners;
  const double scale_x = (corners ? width - 1 : width) / (w * (1 + g.padding));
  const double scale_y = (corners ? height - 1 : height) / (h * (1 + g.padding));
  const bool asymmetric = g.grid == rmpe::Grid::kAsymmetric;
  const double middle_x = (asymmetric ? width : width - 1) / 2;
  const double middle_y = (asymmetric ? height : height - 1) / 2;
  const double xx = scale_x * std::cos(radians), xy = scale_x * std::sin(radians);
  const double yx = -scale_y * std::sin(radians), yy = scale_y * std::cos(radians);
  return {xx, xy, middle_x - xx * center_x - xy * center_y,
          yx, yy, middle_y - yx * center_x - yy * center_y};
}

// The three channels of one 8-bit image at (x, y), as they lie in it; `fill` outside.
inline std::array<double, 3> sample(const rmpe::Image& image, double x, double y, double fill) {
  const auto tap = [&](double column, double row, int c) {
    const bool inside =
        column >= 0.0 && column < double(image.width) && row >= 0.0 && row < double(image.height);
    return inside ? double(image.data[int64_t(row) * image.row_stride +
                                      int64_t(column) * image.pixel_stride + c])
                  : fill;
  };
  const double x0 = std::floor(x), y0 = std::floor(y), fx = x - x0, fy = y - y0;
  std::array<double, 3> value;
  for (int c = 0; c < 3; ++c) {
    value[c] = (1 - fx) * (1 - fy) * tap(x0, y0, c) + fx * (1 - fy) * tap(x0 + 1, y0, c) +
               (1 - fx) * fy * tap(x0, y0 + 1, c) + fx * fy * tap(x0 + 1, y0 + 1, c);
  }
  return value;
}

// What becomes of a sampled channel: gain * value + bias, by channel of the crop.
struct CropScaling {
  double gain[3], bias[3];
  bool swap_rb;
  double fill;  // before scaling
};

// inverse: [2, 3], crop pixel -> image pixel; one that is not finite shows no image. Returns
// [3, height, width].
inline std::vector<double> crop(const rmpe::Image& image, const double* inverse, int64_t height,
                                int64_t width, const CropScaling& scaling) {
  bool finite = true;
  for (int i = 0; i < 6; ++i) finite = finite && std::isfinite(inverse[i]);
  std::vector<double> out(3 * height * width);
  for (int64_t row = 0; row < height; ++row) {
    for (int64_t column = 0; column < width; ++column) {
      const double x = inverse[0] * double(column) + inverse[1] * double(row) + inverse[2];
      const double y = inverse[3] * double(column) + inverse[4] * double(row) + inverse[5];
      const std::array<double, 3> value =
          finite ? sample(image, x, y, scaling.fill)
                 : std::array<double, 3>{scaling.fill, scaling.fill, scaling.fill};
      for (int c = 0; c < 3; ++c) {
        out[(c * height + row) * width + column] =
            scaling.gain[c] * value[scaling.swap_rb ? 2 - c : c] + scaling.bias[c];
      }
    }
  }
  return out;
}

}  // namespace oracle
