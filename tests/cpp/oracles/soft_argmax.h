// The mean position under the softmax of one heatmap, and its gradient.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace oracle {

struct MeanPosition {
  double x, y;
};

// exp(beta (h - maximum)) over its sum.
inline std::vector<double> softmax(const std::vector<double>& map, double beta) {
  const double maximum = *std::max_element(map.begin(), map.end());
  std::vector<double> weights;
  double total = 0.0;
  for (const double value : map) {
    weights.push_back(std::exp(beta * (value - maximum)));
    total += weights.back();
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

inline MeanPosition soft_argmax(const std::vector<double>& map, int64_t width, double beta) {
  const std::vector<double> weights = softmax(map, beta);
  MeanPosition mean{0.0, 0.0};
  for (int64_t i = 0; i < int64_t(map.size()); ++i) {
    mean.x += weights[i] * double(i % width);
    mean.y += weights[i] * double(i / width);
  }
  return mean;
}

// The derivative of gx X + gy Y by every value of the map.
inline std::vector<double> soft_argmax_backward(const std::vector<double>& map, int64_t width,
                                                double beta, double gx, double gy) {
  const std::vector<double> weights = softmax(map, beta);
  const MeanPosition mean = soft_argmax(map, width, beta);
  std::vector<double> gradient;
  for (int64_t i = 0; i < int64_t(map.size()); ++i) {
    gradient.push_back(beta * weights[i] *
                       (gx * (double(i % width) - mean.x) + gy * (double(i / width) - mean.y)));
  }
  return gradient;
}

}  // namespace oracle
