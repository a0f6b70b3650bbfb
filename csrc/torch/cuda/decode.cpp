#include "cuda/decode.h"

#include "ops/decode.h"
#include "torch/cuda/common.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor> decode_cuda(Tensor heatmaps, std::optional<Tensor> matrices,
                                       std::optional<Tensor> theta, std::optional<Tensor> flipped,
                                       std::optional<std::vector<int64_t>> swapped_joint,
                                       std::string subpixel, std::vector<double> refinement,
                                       std::string grid, double stride, double offset,
                                       bool align_corners) {
  const OnDeviceOf device(heatmaps);
  check_heatmaps(heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  check_flipped("flipped", flipped, heatmaps, swapped_joint);
  check_beside("flipped", flipped, heatmaps);
  heatmaps = with_dense_maps(heatmaps);
  const Tensor mirrored = flipped.has_value() ? with_dense_maps(*flipped) : heatmaps;
  const DecodeConvention convention =
      convention_of(subpixel, refinement, parse_grid(grid), stride, offset, height, width);
  const std::optional<Tensor> matrix_rows = dense_affines("matrices", matrices, N, heatmaps);
  const std::optional<Tensor> theta_rows = dense_affines("theta", theta, N, heatmaps);
  const cuda::ImageMaps to_image{floats_of(matrix_rows), floats_of(theta_rows),
                                 stride * double(height), stride * double(width), align_corners};

  const ScalarType dtype = widened(heatmaps.scalar_type());
  Tensor keypoints = empty_beside(heatmaps, {N, K, 2}, dtype);
  Tensor scores = empty_beside(heatmaps, {N, K}, dtype);
  dispatch_stored("heatmaps", heatmaps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = typename Widened<Stored>::type;
    const cuda::DecodeBatch<Stored> batch{
        heatmaps_of<Stored>(heatmaps),
        flipped.has_value() ? heatmaps_of<Stored>(mirrored) : Heatmaps<Stored>{nullptr, 0, 0},
        swapped_joint.has_value() ? swapped_joint->data() : nullptr,
        to_image,
        N,
        K,
        height,
        width,
        convention};
    cuda::launch_decode(batch, device.stream(), static_cast<T*>(keypoints.mutable_data_ptr()),
                        static_cast<T*>(scores.mutable_data_ptr()));
  });
  return {keypoints, scores};
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("decode", TORCH_BOX(&decode_cuda)); }

}  // namespace
}  // namespace rmpe::ops
