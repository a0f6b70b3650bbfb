// The tiles of affine_sample: a block works on some pixels and some channels of an image. The
// position of a pixel is computed once for these channels.
#pragma once

#include <cstdint>

#include "core/affine_sample.h"
#include "core/half.h"
#include "cuda/device.h"
#include "cuda/floats.h"
#include "cuda/grid_size.h"

namespace rmpe::cuda {

constexpr int kThreads = 256;
// Of one block: enough to make the cost of a position small, few enough for a sum in float32.
constexpr int64_t kMostChannels = 32;

struct Tiling {
  unsigned pixels;  // of a plane
  int64_t C;
  unsigned pixels_per_block;  // a multiple of kThreads
  int64_t channels_per_block;
  unsigned pixel_blocks, channel_blocks;  // of an image

  int64_t blocks_per_image() const { return int64_t(pixel_blocks) * channel_blocks; }
  unsigned grid(int64_t N) const { return grid_size("images", N * blocks_per_image(), 1); }
};

inline int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Large tiles, as long as there are enough for every multiprocessor of a large GPU. They depend on
// the shape only, because they determine the order of sums.
inline Tiling tiling(int64_t N, int64_t C, int64_t pixels) {
  constexpr int64_t kEnoughBlocks = 1024;
  int64_t pixels_per_block = 4 * kThreads, channel_blocks = ceil_divide(C, kMostChannels);
  const auto pixel_blocks = [&] { return ceil_divide(pixels, pixels_per_block); };
  while (pixels_per_block > kThreads && N * pixel_blocks() * channel_blocks < kEnoughBlocks) {
    pixels_per_block /= 2;
  }
  while (channel_blocks < C && N * pixel_blocks() * channel_blocks < kEnoughBlocks) {
    channel_blocks = 2 * channel_blocks < C ? 2 * channel_blocks : C;
  }
  const int64_t channels_per_block = channel_blocks > 0 ? ceil_divide(C, channel_blocks) : 1;
  return {unsigned(pixels),           C,
          unsigned(pixels_per_block), channels_per_block,
          unsigned(pixel_blocks()),   unsigned(ceil_divide(C, channels_per_block))};
}

// The work of one block.
struct Tile {
  int64_t n, first_channel, last_channel;
  unsigned first_pixel, last_pixel;
};

inline __device__ Tile tile_of(const Tiling& tiling) {
  const unsigned of_image = blockIdx.x / tiling.pixel_blocks;
  Tile tile;
  tile.n = of_image / tiling.channel_blocks;
  tile.first_channel = of_image % tiling.channel_blocks * tiling.channels_per_block;
  tile.last_channel = tile.first_channel + tiling.channels_per_block;
  if (tile.last_channel > tiling.C) tile.last_channel = tiling.C;
  tile.first_pixel = blockIdx.x % tiling.pixel_blocks * tiling.pixels_per_block;
  const unsigned left = tiling.pixels - tile.first_pixel;
  tile.last_pixel =
      tile.first_pixel + (left < tiling.pixels_per_block ? left : tiling.pixels_per_block);
  return tile;
}

// The map of image n.
inline __device__ Affine map_of(const Floats& theta, int64_t n, const SampleGeometry& g) {
  double values[6];
  for (int i = 0; i < 6; ++i) values[i] = theta[6 * n + i];
  return sampling_map(values, g);
}

// Loads a value that no thread of the launch writes.
inline __device__ float load(const float* value) { return __ldg(value); }
inline __device__ double load(const double* value) { return __ldg(value); }
template <typename S>
__device__ S load(const S* value) {
  return {__ldg(&value->bits)};
}

}  // namespace rmpe::cuda
