// Crops of images: bilinear sampling of 8-bit pixels, and normalization.
#pragma once

#include <cmath>
#include <cstdint>

#include "affine.h"
#include "macros.h"

namespace rmpe {

// Image coordinates are 32.32 fixed point. A step along a row is one exact addition of integers:
// the thousandth pixel is as accurate as the first, and CPU and GPU agree bit for bit.
constexpr double kFixedOne = 4294967296.0;

// Clamps to +-2^28 pixels, which is outside every image.
RMPE_HD int64_t to_fixed(double value) {
  constexpr double limit = 268435456.0;
  value = value > limit ? limit : (value < -limit ? -limit : value);
  return int64_t(floor(value * kFixedOne + 0.5));
}
RMPE_HD int64_t fixed_floor(int64_t value) { return value >> 32; }
// The upper 24 bits of the fraction, which a float holds exactly.
RMPE_HD float fixed_fraction(int64_t value) {
  return float(uint32_t(value) >> 8) * (1.0f / 16777216.0f);
}

// Whether a crop of height x width can show a part of an image. No image has sides of more than
// kMaxExtent pixels, and a crop that spans more would overflow the fixed point.
RMPE_HD bool reaches_any_image(const Affine& inverse, int64_t height, int64_t width) {
  constexpr double kMaxExtent = 268435456.0;
  const double step = fabs(inverse.xx) + fabs(inverse.xy) + fabs(inverse.yx) + fabs(inverse.yy);
  return is_finite(inverse) && step * double(height > width ? height : width) <= kMaxExtent;
}

// One 8-bit image, [height, width, 3]. Strides are in bytes. The three channels of a pixel are
// adjacent, and pixels are at least 3 bytes apart.
struct Image {
  const uint8_t* data;
  int64_t height, width;
  int64_t row_stride, pixel_stride;
};

// The images of a call: a list of images with addresses and sizes of their own, or a stack of
// images of one size.
struct ImageList {
  const Image* listed;  // [listed_count]: all images, or the first one of the stack
  int64_t listed_count;
  int64_t count;
  int64_t stack_stride;  // bytes from one image of the stack to the next; 0 for a list

  RMPE_HD bool is_stack() const { return listed_count < count; }
  RMPE_HD Image operator[](int64_t i) const { return image_of(listed[is_stack() ? 0 : i], i); }
  // Image i, given its entry of `listed`.
  RMPE_HD Image image_of(Image listed_image, int64_t i) const {
    // An image without pixels may have no memory.
    if (listed_image.data) listed_image.data += i * stack_stride;
    return listed_image;
  }
};

inline ImageList image_list(const Image* images, int64_t count) {
  return {images, count, count, 0};
}

// Channel c of the crop becomes gain[c] * value + bias[c].
struct Normalization {
  float gain[3];
  float bias[3];
  bool swap_rb;  // the crop's channel c is the image's channel 2 - c
  float fill;    // value of a pixel outside the image, before normalization

  // The channel of the image that becomes channel c of the crop.
  RMPE_HD int source_channel(int c) const { return swap_rb ? 2 - c : c; }
};

// The crops of a call. ToImage is how a device holds the map of each crop.
template <typename ToImage>
struct CropBatch {
  ImageList images;
  const int64_t* image_index;  // [N]; null: crop n shows image n, or the only image
  ToImage to_image;            // [N], crop pixel -> image pixel
  int64_t N, height, width;    // number of crops, and size of each
  Normalization normalization;
};

// Bilinear interpolation of the three channels at fixed-point (x, y). Pixels outside the image are
// `fill`.
RMPE_HD void sample_bilinear(const Image& image, int64_t x, int64_t y, float fill,
                             float* rgb) {  // [3]
  const int64_t x0 = fixed_floor(x), y0 = fixed_floor(y);
  const float fx = fixed_fraction(x), fy = fixed_fraction(y);
  const float weights[4] = {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy};
  rgb[0] = rgb[1] = rgb[2] = 0.0f;
  for (int tap = 0; tap < 4; ++tap) {
    const int64_t tx = x0 + (tap & 1), ty = y0 + (tap >> 1);
    const bool inside = tx >= 0 && tx < image.width && ty >= 0 && ty < image.height;
    const uint8_t* pixel =
        inside ? image.data + ty * image.row_stride + tx * image.pixel_stride : nullptr;
    for (int c = 0; c < 3; ++c) rgb[c] += weights[tap] * (inside ? float(pixel[c]) : fill);
  }
}

}  // namespace rmpe
