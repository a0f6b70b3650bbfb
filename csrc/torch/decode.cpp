#include "cpu/decode.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "torch/common.h"

namespace rmpe {
namespace {

Subpixel parse_subpixel(const std::string& name) {
  STD_TORCH_CHECK(name == "quarter" || name == "taylor",
                  "subpixel must be quarter or taylor, got ", name);
  return name == "taylor" ? Subpixel::kTaylor : Subpixel::kQuarter;
}

// Slices along persons and joints are read in place.
Tensor with_dense_maps(const Tensor& tensor) {
  const int64_t height = tensor.size(2), width = tensor.size(3);
  const bool dense_maps = (tensor.stride(3) == 1 || width == 1) &&
                          (tensor.stride(2) == width || height == 1);
  return dense_maps ? tensor : dense(tensor);
}

template <typename T>
cpu::Heatmaps<T> heatmaps_of(const Tensor& tensor) {
  return {static_cast<const T*>(tensor.const_data_ptr()), tensor.stride(0), tensor.stride(1)};
}

std::tuple<Tensor, Tensor> decode(Tensor heatmaps, std::optional<Tensor> matrices,
                                  std::optional<Tensor> flipped,
                                  std::vector<int64_t> swapped_joint, std::string subpixel,
                                  bool flip_shift, double stride, double offset) {
  check_dim("heatmaps", heatmaps, 4);
  check_floating("heatmaps", heatmaps);
  const int64_t N = heatmaps.size(0), K = heatmaps.size(1);
  const int64_t height = heatmaps.size(2), width = heatmaps.size(3);
  STD_TORCH_CHECK(height > 0 && width > 0, "heatmaps must have at least one pixel");
  heatmaps = with_dense_maps(heatmaps);

  Tensor mirrored;
  if (flipped.has_value()) {
    STD_TORCH_CHECK(flipped->dim() == 4 && flipped->size(0) == N && flipped->size(1) == K &&
                        flipped->size(2) == height && flipped->size(3) == width &&
                        flipped->scalar_type() == heatmaps.scalar_type(),
                    "flipped must have the shape and dtype of heatmaps");
    STD_TORCH_CHECK(int64_t(swapped_joint.size()) == K, "swapped_joint must have ", K, " values");
    for (const int64_t k : swapped_joint) {
      STD_TORCH_CHECK(k >= 0 && k < K, "swapped_joint must be in 0..", K - 1, ", got ", k);
    }
    mirrored = with_dense_maps(*flipped);
  }
  std::vector<Affine> inverses;
  if (matrices.has_value()) inverses = invert_all(*matrices, N);

  Tensor keypoints = empty({N, K, 2}, heatmaps.scalar_type());
  Tensor scores = empty({N, K}, heatmaps.scalar_type());
  dispatch_floating(heatmaps, [&](auto zero) {
    using T = decltype(zero);
    const cpu::DecodeBatch<T> batch{
        heatmaps_of<T>(heatmaps),
        flipped.has_value() ? heatmaps_of<T>(mirrored) : cpu::Heatmaps<T>{nullptr, 0, 0},
        swapped_joint.data(),
        matrices.has_value() ? inverses.data() : nullptr,
        K, height, width, parse_subpixel(subpixel), flip_shift, stride, offset};
    T* keypoints_out = static_cast<T*>(keypoints.mutable_data_ptr());
    T* scores_out = static_cast<T*>(scores.mutable_data_ptr());
    // Maps worth a thread of their own: handing work over costs about as much as reading 64 KB.
    const int64_t grain = std::max<int64_t>(1, 65536 / (height * width));
    torch::stable::parallel_for(0, N * K, grain, [&](int64_t begin, int64_t end) {
      cpu::decode(batch, begin, end, keypoints_out, scores_out);
    });
  });
  return {keypoints, scores};
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) { m.impl("decode", TORCH_BOX(&decode)); }

}  // namespace
}  // namespace rmpe
