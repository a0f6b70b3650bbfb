// Grids, matrices and maps [N, K, ...], as the bindings of crop and of the decoders take them.
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

// Crop pixel -> image pixel of each of N persons: through theta, where there is any, from the
// transformed crop into the crop, and then through the inverse of the crop's matrix. Empty where
// there is neither; both crops have height x width.
inline std::vector<Affine> image_maps(const std::optional<Tensor>& matrices,
                                      const std::optional<Tensor>& theta, int64_t N, double height,
                                      double width, bool align_corners) {
  std::vector<Affine> maps;
  if (matrices.has_value()) maps = invert_all(*matrices, N);
  if (!theta.has_value()) return maps;
  const std::vector<Affine> thetas = load_affines("theta", *theta, N);
  maps.resize(N, identity());
  for (int64_t n = 0; n < N; ++n) {
    maps[n] = compose(maps[n], pixel_map(thetas[n], height, width, align_corners));
  }
  return maps;
}

inline void check_heatmaps(const Tensor& heatmaps) {
  check_dim("heatmaps", heatmaps, 4);
  check(heatmaps.size(2) > 0 && heatmaps.size(3) > 0, "heatmaps must have at least one pixel");
}

// `flipped` is none, or like `maps`; swapped_joint is then [K].
inline void check_flipped(const char* name, const std::optional<Tensor>& flipped,
                          const Tensor& maps,
                          const std::optional<std::vector<int64_t>>& swapped_joint) {
  if (!flipped.has_value()) return;
  bool same = flipped->dim() == maps.dim() && flipped->scalar_type() == maps.scalar_type();
  for (int64_t d = 0; same && d < maps.dim(); ++d) same = flipped->size(d) == maps.size(d);
  check(same, name, " must have the shape and dtype of the maps of the image");
  const int64_t K = maps.size(1);
  check(swapped_joint.has_value() && int64_t(swapped_joint->size()) == K,
        "swapped_joint must have ", K, " values");
  for (const int64_t k : *swapped_joint) {
    check(k >= 0 && k < K, "swapped_joint must be in 0..", K - 1, ", got ", k);
  }
}

// Maps worth a thread of their own: handing work over costs about as much as reading 64 KB.
inline int64_t maps_per_thread(int64_t values_per_map) {
  return std::max<int64_t>(1, 65536 / values_per_map);
}

}  // namespace rmpe::ops
