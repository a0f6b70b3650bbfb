// Cost: a crop of 256x192 writes 590 KB of floats and reads about 3 bytes for each image pixel
// under it, mostly from the cache. Writing is the bottleneck. A thread computes four pixels of a
// row, with one 16-byte store per channel and one test whether all sixteen taps lie inside.
#include <algorithm>

#include "core/half.h"
#include "cuda/crop.h"
#include "cuda/grid_size.h"

namespace rmpe::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPixels = 4;  // of a row, per thread
// Images are passed as a kernel argument, which may have 4 KB, so that nothing has to be copied to
// the device first. More images need more launches, each for the crops of its own images.
constexpr int kImagesPerLaunch = 64;

struct CropLaunch {
  CropBatch batch;
  Image listed[kImagesPerLaunch];   // of the list of the batch, from first_image on
  int64_t first_image, last_image;  // this launch writes the crops of images [first, last)
  unsigned blocks_per_crop;
};

// What a crop is sampled from, computed once per block.
struct Source {
  Image image;
  Affine inverse;
  int64_t start_x, start_y, step_x, step_y, row_step_y;  // fixed point
  bool upright;
  bool here;   // whether this launch writes the crop
  bool empty;  // whether the crop shows no image and is filled
};

// A crop of an image that does not exist is filled: indices are not validated, which would make the
// host wait for the device.
__device__ Source source_of(const CropLaunch& launch, int64_t n) {
  const CropBatch& batch = launch.batch;
  Source source;
  const int64_t only = batch.images.count == 1 ? 0 : n;
  const int64_t index = batch.image_index ? batch.image_index[n] : only;
  const bool exists = index >= 0 && index < batch.images.count;
  source.here =
      exists ? index >= launch.first_image && index < launch.last_image : launch.first_image == 0;
  source.empty = true;
  if (!exists || !source.here) return source;
  const int64_t place = batch.images.is_stack() ? 0 : index - launch.first_image;
  source.image = batch.images.image_of(launch.listed[place], index);
  source.inverse = batch.to_image[n];
  source.empty = source.image.height == 0 || source.image.width == 0 ||
                 !reaches_any_image(source.inverse, batch.height, batch.width);
  if (source.empty) return source;
  source.upright = source.inverse.xy == 0.0 && source.inverse.yx == 0.0;
  source.start_x = to_fixed(source.inverse.x0);
  source.start_y = to_fixed(source.inverse.y0);
  source.step_x = to_fixed(source.inverse.xx);
  source.step_y = to_fixed(source.inverse.yx);
  source.row_step_y = to_fixed(source.inverse.yy);
  return source;
}

// Whether all taps of the four samples from (x, y) on lie inside. The samples are on a line, so it
// is enough to test the first and the last.
__device__ bool all_inside(const Source& source, int64_t x, int64_t y) {
  const int64_t end_x = x + (kPixels - 1) * source.step_x;
  const int64_t end_y = y + (kPixels - 1) * source.step_y;
  const int64_t right = source.image.width - 1, bottom = source.image.height - 1;
  return fixed_floor(x) >= 0 && fixed_floor(x) < right && fixed_floor(end_x) >= 0 &&
         fixed_floor(end_x) < right && fixed_floor(y) >= 0 && fixed_floor(y) < bottom &&
         fixed_floor(end_y) >= 0 && fixed_floor(end_y) < bottom;
}

// As sample_bilinear, if all taps lie inside.
__device__ void sample_inside(const Image& image, int64_t x, int64_t y, float* rgb) {  // [3]
  const uint8_t* above =
      image.data + fixed_floor(y) * image.row_stride + fixed_floor(x) * image.pixel_stride;
  const uint8_t* below = above + image.row_stride;
  const float fx = fixed_fraction(x), fy = fixed_fraction(y);
  const float weights[4] = {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy};
  for (int c = 0; c < 3; ++c) {
    rgb[c] = weights[0] * float(__ldg(above + c)) +
             weights[1] * float(__ldg(above + image.pixel_stride + c)) +
             weights[2] * float(__ldg(below + c)) +
             weights[3] * float(__ldg(below + image.pixel_stride + c));
  }
}

__device__ void store4(const float (&values)[4], float* out) {
  *reinterpret_cast<float4*>(out) = {values[0], values[1], values[2], values[3]};
}

template <typename Stored>
__device__ void store4(const float (&values)[4], Stored* out) {
  Stored narrowed[4];
  for (int i = 0; i < 4; ++i) narrow(values[i], narrowed[i]);
  *reinterpret_cast<uint2*>(out) = {narrowed[0].bits | unsigned(narrowed[1].bits) << 16,
                                    narrowed[2].bits | unsigned(narrowed[3].bits) << 16};
}

template <typename Stored>
__global__ void __launch_bounds__(kThreads)
    crop_kernel(const __grid_constant__ CropLaunch launch, Stored* __restrict__ crops) {
  Source& source = *shared_memory<Source>();
  const int64_t n = blockIdx.x / launch.blocks_per_crop;
  if (threadIdx.x == 0) source = source_of(launch, n);
  __syncthreads();
  if (!source.here) return;

  const CropBatch& batch = launch.batch;
  const unsigned width = unsigned(batch.width), height = unsigned(batch.height);
  const unsigned groups = (width + kPixels - 1) / kPixels;  // of pixels, in a row
  const unsigned group = blockIdx.x % launch.blocks_per_crop * kThreads + threadIdx.x;
  const unsigned y = group / groups, x = group % groups * kPixels;
  if (y >= height) return;

  float values[3][kPixels];
  int64_t image_x = 0, image_y = 0;
  if (!source.empty) {
    image_x = source.upright ? source.start_x : to_fixed(map_x(source.inverse, 0, double(y)));
    image_y = source.upright ? source.start_y + y * source.row_step_y
                             : to_fixed(map_y(source.inverse, 0, double(y)));
    image_x += x * source.step_x;
    image_y += x * source.step_y;
  }
  const bool inside = !source.empty && all_inside(source, image_x, image_y);
#pragma unroll
  for (int i = 0; i < kPixels; ++i) {
    const float fill = batch.normalization.fill;
    float rgb[3] = {fill, fill, fill};
    if (inside) {
      sample_inside(source.image, image_x, image_y, rgb);
    } else if (!source.empty) {
      sample_bilinear(source.image, image_x, image_y, fill, rgb);
    }
    image_x += source.step_x;
    image_y += source.step_y;
#pragma unroll
    for (int c = 0; c < 3; ++c) values[c][i] = rgb[c];
  }
#pragma unroll
  for (int c = 0; c < 3; ++c) {
    float normalized[kPixels];
    const Normalization& normalization = batch.normalization;
#pragma unroll
    for (int i = 0; i < kPixels; ++i) {
      const float value = normalization.swap_rb ? values[2 - c][i] : values[c][i];
      normalized[i] = normalization.gain[c] * value + normalization.bias[c];
    }
    Stored* out = crops + ((n * 3 + c) * height + y) * width + x;
    if (width % kPixels == 0) {
      store4(normalized, out);
    } else {
#pragma unroll
      for (int i = 0; i < kPixels; ++i) {
        if (x + i < width) narrow(normalized[i], out[i]);
      }
    }
  }
}

}  // namespace

template <typename Stored>
void launch_crop(const CropBatch& batch, cudaStream_t stream, Stored* crops) {
  const int64_t groups = (batch.width + kPixels - 1) / kPixels * batch.height;
  CropLaunch arguments;
  arguments.batch = batch;
  arguments.blocks_per_crop = grid_size("crops", groups, kThreads);
  const unsigned blocks = grid_size("crops", batch.N * int64_t(arguments.blocks_per_crop), 1);

  const ImageList& images = batch.images;
  const int64_t images_per_launch = images.is_stack() ? images.count : kImagesPerLaunch;
  int64_t first = 0;
  do {  // once even without images: all crops are filled
    arguments.first_image = first;
    arguments.last_image = std::min(images.count, first + images_per_launch);
    const Image* listed = images.listed + first;
    std::copy(listed, listed + std::min(images.listed_count - first, images_per_launch),
              arguments.listed);
    launch(crop_kernel<Stored>, dim3(blocks), dim3(kThreads), sizeof(Source), stream, arguments,
           crops);
    first = arguments.last_image;
  } while (first < images.count);
}

template void launch_crop(const CropBatch&, cudaStream_t, float*);
template void launch_crop(const CropBatch&, cudaStream_t, Half*);
template void launch_crop(const CropBatch&, cudaStream_t, BFloat16*);

}  // namespace rmpe::cuda
