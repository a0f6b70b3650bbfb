// The transpose of the forward pass: an output pixel adds, with atomics, to the input pixels that
// it was sampled from. This is the same work for every map. Gathering is not, because an input
// pixel can be needed by no output pixel or by all.
//
// Cost: 32 crops of 3x256x192 are 19 MB of gradients to read, 19 MB to zero, and 19 million
// additions to these, in the L2 cache: neighboring lanes add to neighboring pixels. The gradient to
// theta also reads 19 MB of input and takes 20 operations per channel. The deterministic form has
// sums of 64 bits and two more passes: one finds how large the gradients are, one rounds the sums.
#include <type_traits>

#include "cuda/affine_sample.h"
#include "cuda/affine_sample_sums.h"
#include "cuda/affine_sample_tiles.h"
#include "cuda/warp.h"

namespace rmpe::cuda {
namespace {

static_assert(kThreads >= 6 * kWarpSize, "one warp sums each moment");

struct BackwardBlock {
  Affine map;
  double moments[6][kThreads];
};

template <typename S, typename Sums>
__global__ void __launch_bounds__(kThreads, 2)
    affine_sample_backward_kernel(const __grid_constant__ SampleBatch<S> batch,
                                  const __grid_constant__ Tiling tiling,
                                  const S* __restrict__ grad,  // [N, C, height, width]
                                  // outputs; null: not computed
                                  const Sums sums,
                                  PositionMoments* __restrict__ moments) {  // [N, blocks_per_image]
  using T = ComputeType<S>;
  const SampleGeometry& g = batch.geometry;
  const Tile tile = tile_of(tiling);
  BackwardBlock& block = *shared_memory<BackwardBlock>();
  if (threadIdx.x == 0) block.map = map_of(batch.maps, tile.n, g);
  __syncthreads();

  const unsigned width = unsigned(g.width);
  PositionMoments total = {};
  for (unsigned pixel = tile.first_pixel + threadIdx.x; pixel < tile.last_pixel;
       pixel += kThreads) {
    const unsigned y = pixel / width, x = pixel % width;
    const Position at_x = padded(line_x(block.map, g, y), x, g.input_width, g);
    const Position at_y = padded(line_y(block.map, g, y), x, g.input_height, g);
    int32_t offsets[4];
    T weights[4], weights_dx[4], weights_dy[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const Corner<T> corner =
          g.interpolation == Interpolation::kBilinear
              ? bilinear_corner<T>(k, at_x.at, at_y.at, g)
              : Corner<T>{k == 0 ? nearest_offset(at_x.at, at_y.at, g) : -1, T(1), T(0), T(0)};
      offsets[k] = int32_t(corner.offset);
      weights[k] = corner.weight;
      weights_dx[k] = corner.weight_dx;
      weights_dy[k] = corner.weight_dy;
    }

    T gx = 0, gy = 0;
    const S* plane =
        batch.input + tile.n * batch.batch_stride + tile.first_channel * batch.channel_stride;
    int64_t index = tile.n * batch.C + tile.first_channel;  // of the plane among all
    const int64_t end = tile.n * batch.C + tile.last_channel;
#pragma unroll 4
    for (; index < end; ++index) {
      const T value = widen(load(grad + index * tiling.pixels + pixel));
      if (sums.values) {
        const auto term = sums.term(index, value);
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          if (offsets[k] >= 0) sums.add(index, offsets[k], weights[k], term);
        }
      }
      if (moments) {
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          if (offsets[k] < 0) continue;
          const T product = value * widen(load(plane + offsets[k]));
          gx += weights_dx[k] * product;
          gy += weights_dy[k] * product;
        }
        plane += batch.channel_stride;
      }
    }
    const double px = double(x) - center(g.width), py = double(y) - center(g.height);
    const double by_x = double(gx) * at_x.slope, by_y = double(gy) * at_y.slope;
    const double terms[6] = {by_x * px, by_x * py, by_x, by_y * px, by_y * py, by_y};
#pragma unroll
    for (int i = 0; i < 6; ++i) total.values[i] += terms[i];
  }
  if (!moments) return;

#pragma unroll
  for (int i = 0; i < 6; ++i) block.moments[i][threadIdx.x] = total.values[i];
  __syncthreads();
  const unsigned i = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  if (i >= 6) return;
  double sum = 0.0;
  for (unsigned thread = lane; thread < kThreads; thread += kWarpSize) {
    sum += block.moments[i][thread];
  }
  sum = warp_sum(sum);
  if (lane == 0) moments[blockIdx.x].values[i] = sum;
}

// One warp for each image.
__global__ void __launch_bounds__(kWarpSize)
    theta_gradient_kernel(const PositionMoments* __restrict__ moments,  // [N, count]
                          unsigned count, const SampleGeometry geometry, bool is_double,
                          // outputs
                          void* __restrict__ grad_theta) {  // [N, 2, 3]
  const int64_t n = blockIdx.x;
  PositionMoments sum = {};
  for (unsigned i = threadIdx.x; i < count; i += kWarpSize) {
#pragma unroll
    for (int j = 0; j < 6; ++j) sum.values[j] += moments[n * count + i].values[j];
  }
#pragma unroll
  for (int j = 0; j < 6; ++j) sum.values[j] = warp_sum(sum.values[j]);
  if (threadIdx.x != 0) return;
  if (is_double) {
    theta_gradient(sum, geometry, static_cast<double*>(grad_theta) + 6 * n);
  } else {
    theta_gradient(sum, geometry, static_cast<float*>(grad_theta) + 6 * n);
  }
}

template <typename S>
__global__ void __launch_bounds__(kThreads)
    plane_exponents_kernel(const S* __restrict__ grad,  // [N, C, height, width]
                           const __grid_constant__ Tiling tiling,
                           // outputs
                           unsigned* __restrict__ exponents) {  // [N, C], zeros to begin with
  const Tile tile = tile_of(tiling);
  for (int64_t c = tile.first_channel; c < tile.last_channel; ++c) {
    const int64_t index = tile.n * tiling.C + c;
    unsigned largest = 0;
    for (unsigned pixel = tile.first_pixel + threadIdx.x; pixel < tile.last_pixel;
         pixel += kThreads) {
      const unsigned exponent =
          biased_exponent(double(widen(load(grad + index * tiling.pixels + pixel))));
      largest = exponent > largest ? exponent : largest;
    }
    largest = warp_max(largest);
    if (threadIdx.x % kWarpSize == 0) atomicMax(exponents + index, largest);
  }
}

template <typename S, typename Sums>
__global__ void __launch_bounds__(kThreads)
    round_sums_kernel(const Sums sums, const __grid_constant__ Tiling tiling,
                      // outputs
                      S* __restrict__ grad_input) {  // [N, C, input_height, input_width]
  using T = ComputeType<S>;
  const Tile tile = tile_of(tiling);
  for (int64_t c = tile.first_channel; c < tile.last_channel; ++c) {
    const int64_t index = tile.n * tiling.C + c;
    for (unsigned pixel = tile.first_pixel + threadIdx.x; pixel < tile.last_pixel;
         pixel += kThreads) {
      narrow(T(sums.total(index, int32_t(pixel))), grad_input[index * tiling.pixels + pixel]);
    }
  }
}

Tiling output_tiling(int64_t N, int64_t C, const SampleGeometry& g) {
  return tiling(N, C, g.height * g.width);
}

// Bits that a sum of `terms` terms needs beyond those of a term.
int carry_bits(int64_t terms) {
  int bits = 0;
  while (int64_t(1) << bits < terms) ++bits;
  return bits;
}

}  // namespace

int64_t moment_count(int64_t N, int64_t C, const SampleGeometry& geometry) {
  if (geometry.interpolation == Interpolation::kNearest) return 0;  // positions have no gradient
  return N * output_tiling(N, C, geometry).blocks_per_image();
}

template <typename S>
void launch_affine_sample_backward(const SampleBatch<S>& batch, const S* grad,
                                   const BackwardScratch& scratch, cudaStream_t stream,
                                   S* grad_input, void* grad_theta) {
  using T = ComputeType<S>;
  const SampleGeometry& g = batch.geometry;
  const int64_t pixels = g.input_height * g.input_width, planes = batch.N * batch.C;
  const Tiling tiles = output_tiling(batch.N, batch.C, g);
  const bool is_bilinear = g.interpolation == Interpolation::kBilinear;
  PositionMoments* moments = grad_theta && is_bilinear ? scratch.moments : nullptr;

  const auto add_up = [&](const auto& sums) {
    if (!sums.values && !moments) return;
    using Sums = std::decay_t<decltype(sums)>;
    if (sums.values) zero(sums.values, planes * pixels * sizeof *sums.values, stream);
    launch(affine_sample_backward_kernel<S, Sums>, dim3(tiles.grid(batch.N)), dim3(kThreads),
           sizeof(BackwardBlock), stream, batch, tiles, grad, sums, moments);
  };
  const auto round = [&](const auto& sums) {
    using Sums = std::decay_t<decltype(sums)>;
    const Tiling input_tiles = tiling(batch.N, batch.C, pixels);
    launch(round_sums_kernel<S, Sums>, dim3(input_tiles.grid(batch.N)), dim3(kThreads), 0, stream,
           sums, input_tiles, grad_input);
  };
  if (grad_input && scratch.fixed_sums) {
    zero(scratch.exponents, planes * sizeof *scratch.exponents, stream);
    launch(plane_exponents_kernel<S>, dim3(tiles.grid(batch.N)), dim3(kThreads), 0, stream, grad,
           tiles, scratch.exponents);
    const FixedSums sums{scratch.fixed_sums, pixels, scratch.exponents,
                         carry_bits(g.height * g.width)};
    add_up(sums);
    round(sums);
  } else if constexpr (std::is_same_v<S, T>) {
    add_up(FloatSums<T>{grad_input, pixels});
  } else {
    const FloatSums<T> sums{grad_input ? scratch.sums : nullptr, pixels};
    add_up(sums);
    if (grad_input) round(sums);
  }
  if (!grad_theta) return;
  launch(theta_gradient_kernel, dim3(grid_size("images", batch.N, 1)), dim3(kWarpSize), 0, stream,
         moments, moments ? unsigned(tiles.blocks_per_image()) : 0u, g, batch.maps.is_double,
         grad_theta);
}

template void launch_affine_sample_backward(const SampleBatch<float>&, const float*,
                                            const BackwardScratch&, cudaStream_t, float*, void*);
template void launch_affine_sample_backward(const SampleBatch<double>&, const double*,
                                            const BackwardScratch&, cudaStream_t, double*, void*);
template void launch_affine_sample_backward(const SampleBatch<Half>&, const Half*,
                                            const BackwardScratch&, cudaStream_t, Half*, void*);
template void launch_affine_sample_backward(const SampleBatch<BFloat16>&, const BFloat16*,
                                            const BackwardScratch&, cudaStream_t, BFloat16*, void*);

}  // namespace rmpe::cuda
