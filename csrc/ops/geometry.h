// Grids, matrices and heatmaps [N, K, ...]: arguments that crop and the decoders share.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/affine.h"
#include "core/grid.h"
#include "ops/common.h"

namespace rmpe::ops {

inline Grid parse_grid(const std::string& name) {
  if (name == "half_pixel") return Grid::kHalfPixel;
  if (name == "align_corners") return Grid::kAlignCorners;
  check(name == "asymmetric", "grid must be asymmetric, half_pixel or align_corners, got ", name);
  return Grid::kAsymmetric;
}

// Matrices [N, 2, 3] as the loops of the CPU read them.
inline std::vector<Affine> load_affines(const Tensor& matrices) {
  std::vector<Affine> maps(matrices.size(0));
  dispatch_floating(matrices, [&](auto zero) {
    const auto* values = data<decltype(zero)>(matrices);
    for (size_t n = 0; n < maps.size(); ++n) maps[n] = load_affine(values + 6 * n);
  });
  return maps;
}

// The inverses of matrices [N, 2, 3].
inline std::vector<Affine> inverse_matrices(const Cpu& device, const Tensor& matrices, int64_t N) {
  std::vector<Affine> maps = load_affines(checked_matrices(device, "matrices", matrices, N));
  for (Affine& map : maps) map = invert(map);
  return maps;
}

// How a network's input lies in the image, of N people. `matrices`: image pixel -> crop pixel.
// `theta`: of a spatial transformer, which resampled the crop before the network saw it; both
// crops have height x width.
struct CropToImage {
  const std::optional<Tensor>& matrices;
  const std::optional<Tensor>& theta;
  double height, width;
  bool align_corners;
};

// Crop pixel -> image pixel of each person. data() is null where there is neither matrix nor theta.
class ImageMaps {
 public:
  ImageMaps(const Cpu& device, const CropToImage& given, int64_t N)
      : given_(given.matrices.has_value() || given.theta.has_value()) {
    if (given.matrices.has_value()) maps_ = inverse_matrices(device, *given.matrices, N);
    if (!given.theta.has_value()) return;
    const std::vector<Affine> thetas =
        load_affines(checked_matrices(device, "theta", *given.theta, N));
    maps_.resize(N, identity());
    for (int64_t n = 0; n < N; ++n) {
      maps_[n] =
          compose(maps_[n], pixel_map(thetas[n], given.height, given.width, given.align_corners));
    }
  }

  const Affine* data() const { return given_ ? maps_.data() : nullptr; }

 private:
  bool given_;
  std::vector<Affine> maps_;
};

inline ImageMaps image_maps(const Cpu& device, const CropToImage& given, int64_t N) {
  return ImageMaps(device, given, N);
}

inline void check_heatmaps(const Tensor& heatmaps) {
  check_dim("heatmaps", heatmaps, 4);
  check(heatmaps.size(2) > 0 && heatmaps.size(3) > 0, "heatmaps must have at least one pixel");
}

// `flipped` is none, or like `maps`; swapped_joint is then [K].
template <typename Device>
void check_flipped(const Device& device, const char* name, const std::optional<Tensor>& flipped,
                   const Tensor& maps, const std::optional<std::vector<int64_t>>& swapped_joint) {
  if (!flipped.has_value()) return;
  bool same = flipped->dim() == maps.dim() && flipped->scalar_type() == maps.scalar_type();
  for (int64_t d = 0; same && d < maps.dim(); ++d) same = flipped->size(d) == maps.size(d);
  check(same, name, " must have the shape and dtype of the maps of the image");
  device.check_owns(name, flipped);
  const int64_t K = maps.size(1);
  check(swapped_joint.has_value() && int64_t(swapped_joint->size()) == K,
        "swapped_joint must have ", K, " values");
  for (const int64_t k : *swapped_joint) {
    check(k >= 0 && k < K, "swapped_joint must be in 0..", K - 1, ", got ", k);
  }
}

// Maps that are worth a thread of their own. To find the peaks of so many takes 20 us, about what
// waking a thread does.
inline int64_t maps_per_thread(int64_t values_per_map) {
  return std::max<int64_t>(1, 131072 / values_per_map);
}

}  // namespace rmpe::ops
