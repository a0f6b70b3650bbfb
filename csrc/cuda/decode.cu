// Cost: a heatmap is read once, 12 KB at 64x48 float32, with four instructions per value; memory is
// the bottleneck. A block reads one map, and usually has loads of all of it in flight at once. The
// refinement of a peak reads from the cache: four neighbors, or the 15x15 pixels from which a
// Newton step is computed in double. That takes some 3,000 operations; the map takes 15,000.
#include <cmath>

#include "cuda/decode.h"
#include "cuda/grid_size.h"
#include "cuda/joints.h"
#include "cuda/load_image_map.h"
#include "cuda/maps.h"
#include "cuda/peak.h"

namespace rmpe::cuda {
namespace {

// Pixels that are blurred at once.
constexpr int kTileHeight = 4, kTileWidth = 54;

// kMaxRadius: kBlurRadius for the usual blur, or kMaxBlurRadius for any.
template <typename T, int kMaxRadius>
struct Shared {
  Peak<T> peaks[kMaxWarps];
  double columns[kTileHeight * (kTileWidth + 2 * kMaxRadius)];  // blurred along y only
  double patch[25];                                             // around the peak
  double maxima[kMaxWarps];
  Peak<double> blurred_peaks[kMaxRadius == kBlurRadius ? 1 : kMaxWarps];
};

template <typename Stored, bool kFlip>
struct DecodeLaunch {
  DecodeBatch<Stored> batch;
  Joints<kFlip> joints;
};

__device__ int at_most(int limit, int value) { return value < limit ? value : limit; }

// The map blurred along y at column x, from row y on.
template <bool kUsual, typename Map>
__device__ double blurred_column(const Blur& blur, const Map& map, int map_height, int x, int y) {
  if constexpr (kUsual) {
    constexpr int kTaps = blur_taps(kBlurRadius);
    double values[kTaps];
#pragma unroll
    for (int tap = 0; tap < kTaps; ++tap) {
      const bool inside = x >= 0 && x < map.width && y + tap >= 0 && y + tap < map_height;
      values[tap] = inside ? double(map.at(x, y + tap)) : 0.0;
    }
    return blurred(blur.weights, kTaps, values);
  } else {
    const int column = int(pixel_within(blur.border, x, map.width));
    double sum = 0.0;
    for (int tap = 0; tap < blur_taps(blur.radius); ++tap) {
      const int row = int(pixel_within(blur.border, y + tap, map_height));
      const double value = column >= 0 && row >= 0 ? double(map.at(column, row)) : 0.0;
      sum += blur.weights[tap] * value;
    }
    return sum;
  }
}

// Calls visit(i, j, value) for every pixel of the blurred tile of which (left, top) is the first
// one. All threads of the block take part.
template <int kMaxRadius, typename Map, typename Visit>
__device__ void blur_tile(const Blur& blur, const Map& map, int map_height, int left, int top,
                          int width, int height, double* columns, Visit&& visit) {
  constexpr bool kUsual = kMaxRadius == kBlurRadius;
  const int radius = kUsual ? kBlurRadius : blur.radius, taps = blur_taps(radius);
  const int window = width + taps - 1;
  for (int p = int(threadIdx.x); p < window * height; p += int(blockDim.x)) {
    const int x = left - radius + p % window, y = top - radius + p / window;
    columns[p] = blurred_column<kUsual>(blur, map, map_height, x, y);
  }
  __syncthreads();
  for (int p = int(threadIdx.x); p < width * height; p += int(blockDim.x)) {
    const int i = p % width, j = p / width;
    visit(i, j, blurred(blur.weights, taps, columns + j * window + i));
  }
}

// Calls visit(x, y, value) for every pixel of the blurred map.
template <int kMaxRadius, typename Map, typename Visit>
__device__ void blur_map(const Blur& blur, const Map& map,
                         Shared<typename Map::Value, kMaxRadius>& shared, Visit&& visit) {
  const int height = map.size / map.width;
  for (int top = 0; top < height; top += kTileHeight) {
    for (int left = 0; left < map.width; left += kTileWidth) {
      __syncthreads();  // what was blurred before has been read
      blur_tile<kMaxRadius>(blur, map, height, left, top, at_most(kTileWidth, map.width - left),
                            at_most(kTileHeight, height - top), shared.columns,
                            [&](int i, int j, double value) { visit(left + i, top + j, value); });
    }
  }
}

// The largest value of the whole blurred map.
template <int kMaxRadius, typename Map>
__device__ double blurred_maximum(const Blur& blur, const Map& map,
                                  Shared<typename Map::Value, kMaxRadius>& shared) {
  double maximum = -INFINITY;
  blur_map(blur, map, shared,
           [&](int, int, double value) { maximum = value > maximum ? value : maximum; });
  maximum = warp_max(maximum);
  if (threadIdx.x % kWarpSize == 0) shared.maxima[threadIdx.x / kWarpSize] = maximum;
  __syncthreads();
  for (unsigned warp = 0; warp < blockDim.x / kWarpSize; ++warp) {
    maximum = shared.maxima[warp] > maximum ? shared.maxima[warp] : maximum;
  }
  return maximum;
}

// Where the whole blurred map is largest.
template <typename Map>
__device__ int blurred_peak(const Blur& blur, const Map& map,
                            Shared<typename Map::Value, kMaxBlurRadius>& shared) {
  Peak<double> peak{-INFINITY, map.size - 1};
  blur_map(blur, map, shared, [&](int x, int y, double value) {
    const Peak<double> other{value, y * map.width + x};
    if (precedes(other, peak)) peak = other;
  });
  return block_peak(peak, shared.blurred_peaks).index;
}

// Leaves the blurred map around (x, y) in shared.patch.
template <typename Map>
__device__ void blur_patch(const Blur& blur, const Map& map, int radius, int x, int y,
                           Shared<typename Map::Value, kMaxBlurRadius>& shared) {
  const int side = 2 * radius + 1;
  __syncthreads();  // what was blurred before has been read
  blur_tile<kMaxBlurRadius>(
      blur, map, map.size / map.width, x - radius, y - radius, side, side, shared.columns,
      [&](int i, int j, double value) { shared.patch[j * side + i] = value; });
  __syncthreads();
}

// Leaves the logarithm of the blurred and rescaled map around (x, y) in shared.patch. maximum: of
// the map.
template <int kMaxRadius, typename Map>
__device__ void log_blurred(const Refinement& refinement, const Map& map, int x, int y,
                            double maximum, Shared<typename Map::Value, kMaxRadius>& shared) {
  const int radius = patch_radius(refinement.method), side = 2 * radius + 1;
  bool below_min = false;
  blur_tile<kMaxRadius>(refinement.blur, map, map.size / map.width, x - radius, y - radius, side,
                        side, shared.columns, [&](int i, int j, double value) {
                          shared.patch[j * side + i] = value;
                          below_min |= value < refinement.log_min;
                        });
  below_min = __syncthreads_or(below_min);
  const double scale = must_rescale(refinement, maximum, below_min)
                           ? maximum / blurred_maximum(refinement.blur, map, shared)
                           : 1.0;
  const int p = int(threadIdx.x);
  if (p < side * side && is_in_stencil(radius, p % side, p / side)) {
    shared.patch[p] = clamped_log(refinement, scale * shared.patch[p]);
  }
  __syncthreads();
}

template <typename Map>
__device__ Step subpixel_step(const Refinement& refinement, const RefinedAxes& axes, const Map& map,
                              int x, int y, const double* patch) {
  Step step{0.0, 0.0};
  if (refinement.method == Subpixel::kQuarter && refinement.blur_first) {
    if (axes.x) step.x = quarter_step(patch[3], patch[5]);
    if (axes.y) step.y = quarter_step(patch[1], patch[7]);
  } else if (refinement.method == Subpixel::kQuarter) {
    if (axes.x) step.x = quarter_step(map.at(x - 1, y), map.at(x + 1, y));
    if (axes.y) step.y = quarter_step(map.at(x, y - 1), map.at(x, y + 1));
  } else if (refinement.method == Subpixel::kDark && axes.x && axes.y) {
    step = dark_step(*reinterpret_cast<const double (*)[5][5]>(patch));
  } else if (refinement.method == Subpixel::kDarkUdp && axes.x && axes.y) {
    step = dark_udp_step(*reinterpret_cast<const double (*)[3][3]>(patch), map.size / map.width,
                         map.width, x, y);
  }
  return step;
}

template <typename Stored, bool kFlip>
__device__ auto map_of(const DecodeLaunch<Stored, kFlip>& launch, unsigned n, unsigned k) {
  const DecodeBatch<Stored>& batch = launch.batch;
  const int width = int(batch.width), size = int(batch.height) * width;
  const Stored* values = batch.heatmaps.map(n, launch.joints.first + k);
  if constexpr (kFlip) {
    return AveragedMap<Stored>(
        values, batch.flipped.map(n, launch.joints.swapped[k]), size, width,
        batch.convention.flip_shift ? Order::kMirroredShifted : Order::kMirrored);
  } else {
    return PlainMap<Stored>(values, size, width);
  }
}

template <typename Stored, bool kFlip, int kMaxRadius, typename T = ComputeType<Stored>>
__global__ void __launch_bounds__(kMaxThreads, kBlocksPerProcessor<T>)
    decode_kernel(const __grid_constant__ DecodeLaunch<Stored, kFlip> launch,
                  // outputs
                  T* __restrict__ keypoints,  // [N, K, 2]
                  T* __restrict__ scores) {   // [N, K]
  Shared<T, kMaxRadius>& shared = *shared_memory<Shared<T, kMaxRadius>>();
  const DecodeBatch<Stored>& batch = launch.batch;
  const DecodeConvention& convention = batch.convention;
  const Refinement& refinement = convention.refinement;
  const unsigned n = blockIdx.x / launch.joints.count, k = blockIdx.x % launch.joints.count;
  const int thread = int(threadIdx.x);
  const Number number = load_number(batch.to_image, n, thread);

  const auto map = map_of(launch, n, k);
  const Peak<T> peak = block_peak(thread_peak(map, thread, int(blockDim.x)), shared.peaks);
  const bool peaked = has_peak(convention, double(peak.value));
  int index = peak.index;
  if constexpr (kMaxRadius == kMaxBlurRadius) {
    if (peaked && refinement.blur_first) index = blurred_peak(refinement.blur, map, shared);
  }
  const int x = index % map.width, y = index / map.width;
  RefinedAxes axes{false, false};
  if (peaked) axes = refined_axes(refinement, batch.height, batch.width, x, y);
  if (patch_radius(refinement.method) > 0 && axes.x && axes.y) {
    log_blurred(refinement, map, x, y, double(peak.value), shared);
  }
  if constexpr (kMaxRadius == kMaxBlurRadius) {
    if (refinement.method == Subpixel::kQuarter && refinement.blur_first && peaked) {
      blur_patch(refinement.blur, map, 1, x, y, shared);
    }
  }
  if (thread >= kWarpSize) return;

  Point point = point_without_peak(convention, double(peak.value));
  if (peaked) {
    const Step step = subpixel_step(refinement, axes, map, x, y, shared.patch);
    point = shifted_point(refinement, axes, x, y, step);
  }
  if (batch.to_image.are_given()) {
    const Affine to_image = image_map(batch.to_image, number, thread);
    point = map_point(to_image, crop_point(convention.grid, point));
  }
  if (thread == 0) {
    const int64_t item = int64_t(n) * batch.K + launch.joints.first + k;
    keypoints[2 * item] = T(point.x);
    keypoints[2 * item + 1] = T(point.y);
    scores[item] = decode_score(convention, peak.value);
  }
}

template <bool kFlip, int kMaxRadius, typename Map, typename Stored, typename T>
void launch_all(const DecodeBatch<Stored>& batch, cudaStream_t stream, T* keypoints, T* scores) {
  const int size = map_size("heatmaps", batch.height, batch.width);
  for_each_launch<kFlip>(batch.swapped_joint, batch.K, [&](const Joints<kFlip>& joints) {
    launch(decode_kernel<Stored, kFlip, kMaxRadius>,
           dim3(grid_size("heatmaps", batch.N * joints.count, 1)), dim3(threads_for<Map>(size)),
           sizeof(Shared<T, kMaxRadius>), stream, DecodeLaunch<Stored, kFlip>{batch, joints},
           keypoints, scores);
  });
}

template <int kMaxRadius, typename Stored, typename T>
void launch_any(const DecodeBatch<Stored>& batch, cudaStream_t stream, T* keypoints, T* scores) {
  if (batch.flipped.data) {
    launch_all<true, kMaxRadius, AveragedMap<Stored>>(batch, stream, keypoints, scores);
  } else {
    launch_all<false, kMaxRadius, PlainMap<Stored>>(batch, stream, keypoints, scores);
  }
}

}  // namespace

template <typename Stored>
void launch_decode(const DecodeBatch<Stored>& batch, cudaStream_t stream,
                   ComputeType<Stored>* keypoints, ComputeType<Stored>* scores) {
  const Refinement& refinement = batch.convention.refinement;
  const bool blurs = patch_radius(refinement.method) > 0 || refinement.blur_first;
  if (blurs && (refinement.blur_first || !is_usual(refinement.blur))) {
    launch_any<kMaxBlurRadius>(batch, stream, keypoints, scores);
  } else {
    launch_any<kBlurRadius>(batch, stream, keypoints, scores);
  }
}

template void launch_decode(const DecodeBatch<float>&, cudaStream_t, float*, float*);
template void launch_decode(const DecodeBatch<double>&, cudaStream_t, double*, double*);
template void launch_decode(const DecodeBatch<Half>&, cudaStream_t, float*, float*);
template void launch_decode(const DecodeBatch<BFloat16>&, cudaStream_t, float*, float*);

}  // namespace rmpe::cuda
