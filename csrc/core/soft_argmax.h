// The mean position under the softmax of a heatmap, and its gradient.
#pragma once

#include "exp.h"
#include "macros.h"

namespace rmpe {

// What the softmax exp(beta (h - maximum)) / total of one map leaves for the gradient. total is NaN
// where there is no answer: a NaN or an infinite maximum.
template <typename T>
struct Partition {
  T maximum, total;
};

// What the gradient of one map is computed from: of gx X + gy Y, (X, Y) being the mean position.
template <typename T>
struct SoftArgmaxGradient {
  T beta, maximum, scale;  // scale = beta / total
  T mean_x, mean_y, gx, gy;
};

// The derivative by the map's value at (x, y).
template <typename T>
RMPE_HD T soft_argmax_gradient(const SoftArgmaxGradient<T>& g, T value, T x, T y) {
  const T weight = exp_nonpositive(g.beta * (value - g.maximum));
  return g.scale * weight * (g.gx * (x - g.mean_x) + g.gy * (y - g.mean_y));
}

}  // namespace rmpe
