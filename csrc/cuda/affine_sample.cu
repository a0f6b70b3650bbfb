// Cost: 32 crops of 3x256x192 are 19 MB to read, if the four samples that need a pixel find it in
// the cache, and 19 MB to write; at 3 TB/s that takes 13 us. A sample takes 4 loads and 8
// operations per channel, and about 25 double operations for its position, which all channels of a
// block share.
//
// Neighboring lanes have neighboring pixels, so that a load or store of a warp touches one or two
// cache lines. Wider stores would need four neighboring pixels per lane, and each of the sixteen
// loads before them would touch four times as many lines.
#include "cuda/affine_sample.h"
#include "cuda/affine_sample_tiles.h"

namespace rmpe::cuda {
namespace {

template <typename S>
__device__ void sample_nearest(const S* plane, int64_t channel_stride, int64_t channels,
                               int32_t offset, int64_t size, S* out) {
#pragma unroll 4
  for (int64_t c = 0; c < channels; ++c) {
    *out = offset < 0 ? S{} : load(plane + offset);
    plane += channel_stride;
    out += size;
  }
}

template <typename S>
__device__ void sample_bilinear(const S* plane, int64_t channel_stride, int64_t channels, double x,
                                double y, const SampleGeometry& g, int64_t size, S* out) {
  using T = ComputeType<S>;
  int32_t offsets[4];
  T weights[4];
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    const Corner<T> corner = bilinear_corner<T>(k, x, y, g);
    offsets[k] = int32_t(corner.offset);
    weights[k] = corner.weight;
  }
#pragma unroll 4
  for (int64_t c = 0; c < channels; ++c) {
    T value = 0;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      if (offsets[k] >= 0) value += weights[k] * widen(load(plane + offsets[k]));
    }
    narrow(value, *out);
    plane += channel_stride;
    out += size;
  }
}

template <typename S>
__global__ void __launch_bounds__(kThreads)
    affine_sample_kernel(const __grid_constant__ SampleBatch<S> batch,
                         const __grid_constant__ Tiling tiling,
                         // outputs
                         S* __restrict__ output) {  // [N, C, height, width]
  const SampleGeometry& g = batch.geometry;
  const Tile tile = tile_of(tiling);
  Affine& map = *shared_memory<Affine>();
  if (threadIdx.x == 0) map = map_of(batch.maps, tile.n, g);
  __syncthreads();

  const S* plane =
      batch.input + tile.n * batch.batch_stride + tile.first_channel * batch.channel_stride;
  const int64_t channels = tile.last_channel - tile.first_channel;
  const int64_t size = tiling.pixels;
  S* out = output + (tile.n * batch.C + tile.first_channel) * size;
  const unsigned width = unsigned(g.width);
  for (unsigned pixel = tile.first_pixel + threadIdx.x; pixel < tile.last_pixel;
       pixel += kThreads) {
    const unsigned y = pixel / width, x = pixel % width;
    const double at_x = padded(line_x(map, g, y), x, g.input_width, g).at;
    const double at_y = padded(line_y(map, g, y), x, g.input_height, g).at;
    if (g.interpolation == Interpolation::kNearest) {
      sample_nearest(plane, batch.channel_stride, channels, nearest_offset(at_x, at_y, g), size,
                     out + pixel);
    } else {
      sample_bilinear(plane, batch.channel_stride, channels, at_x, at_y, g, size, out + pixel);
    }
  }
}

}  // namespace

template <typename S>
void launch_affine_sample(const SampleBatch<S>& batch, cudaStream_t stream, S* output) {
  const SampleGeometry& g = batch.geometry;
  const Tiling tiles = tiling(batch.N, batch.C, g.height * g.width);
  launch(affine_sample_kernel<S>, dim3(tiles.grid(batch.N)), dim3(kThreads), sizeof(Affine), stream,
         batch, tiles, output);
}

template void launch_affine_sample(const SampleBatch<float>&, cudaStream_t, float*);
template void launch_affine_sample(const SampleBatch<double>&, cudaStream_t, double*);
template void launch_affine_sample(const SampleBatch<Half>&, cudaStream_t, Half*);
template void launch_affine_sample(const SampleBatch<BFloat16>&, cudaStream_t, BFloat16*);

}  // namespace rmpe::cuda
