// Soft-argmax: the expected position under the softmax of a heatmap, and its gradient.
#pragma once

#include "exp.h"
#include "macros.h"

namespace rmpe {

// The softmax of one map is exp(beta (h - maximum)) / total. The forward pass keeps both numbers
// for the gradient. total is NaN where the map has a NaN or its maximum is infinite.
template <typename T>
struct Partition {
  T maximum, total;
};

// What the gradient to one map is computed from; (gx, gy) is the gradient to the mean position.
template <typename T>
struct SoftArgmaxGradient {
  T beta, maximum, scale;  // scale = beta / total
  T mean_x, mean_y, gx, gy;
};

// The gradient to the value of the map at (x, y).
template <typename T>
RMPE_HD T soft_argmax_gradient(const SoftArgmaxGradient<T>& g, T value, T x, T y) {
  const T weight = exp_nonpositive(g.beta * (value - g.maximum));
  return g.scale * weight * (g.gx * (x - g.mean_x) + g.gy * (y - g.mean_y));
}

}  // namespace rmpe
