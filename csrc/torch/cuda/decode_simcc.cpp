#include "cuda/decode_simcc.h"

#include "ops/decode_simcc.h"
#include "torch/cuda/common.h"

namespace rmpe::ops {
namespace {

std::tuple<Tensor, Tensor> decode_simcc_cuda(
    Tensor x_maps, Tensor y_maps, std::optional<Tensor> matrices, std::optional<Tensor> theta,
    std::optional<Tensor> flipped_x, std::optional<Tensor> flipped_y,
    std::optional<std::vector<int64_t>> swapped_joint, double split_ratio, bool align_corners) {
  const OnDeviceOf device(x_maps);
  check_simcc_maps(x_maps, y_maps, flipped_x, flipped_y, swapped_joint);
  check_beside("y_maps", y_maps, x_maps);
  check_beside("flipped_x", flipped_x, x_maps);
  check_beside("flipped_y", flipped_y, x_maps);
  const int64_t N = x_maps.size(0), K = x_maps.size(1);
  x_maps = with_dense_maps(x_maps);
  y_maps = with_dense_maps(y_maps);
  const bool flip = flipped_x.has_value();
  const Tensor mirrored_x = flip ? with_dense_maps(*flipped_x) : x_maps;
  const Tensor mirrored_y = flip ? with_dense_maps(*flipped_y) : y_maps;
  const std::optional<Tensor> matrix_rows = dense_affines("matrices", matrices, N, x_maps);
  const std::optional<Tensor> theta_rows = dense_affines("theta", theta, N, x_maps);
  const cuda::ImageMaps to_image{floats_of(matrix_rows), floats_of(theta_rows),
                                 double(y_maps.size(2)) / split_ratio,
                                 double(x_maps.size(2)) / split_ratio, align_corners};

  const ScalarType dtype = widened(x_maps.scalar_type());
  Tensor keypoints = empty_beside(x_maps, {N, K, 2}, dtype);
  Tensor scores = empty_beside(x_maps, {N, K}, dtype);
  dispatch_stored("x_maps", x_maps, [&](auto zero) {
    using Stored = decltype(zero);
    using T = typename Widened<Stored>::type;
    const cuda::SimccBatch<Stored> batch{
        vectors_of<Stored>(x_maps, mirrored_x, flip),
        vectors_of<Stored>(y_maps, mirrored_y, flip),
        swapped_joint.has_value() ? swapped_joint->data() : nullptr,
        to_image,
        N,
        K,
        split_ratio};
    cuda::launch_decode_simcc(batch, device.stream(), static_cast<T*>(keypoints.mutable_data_ptr()),
                              static_cast<T*>(scores.mutable_data_ptr()));
  });
  return {keypoints, scores};
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  m.impl("decode_simcc", TORCH_BOX(&decode_simcc_cuda));
}

}  // namespace
}  // namespace rmpe::ops
