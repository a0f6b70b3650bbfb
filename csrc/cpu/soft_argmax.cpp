// Cost: a map is read twice, from memory and then from the first-level cache, with one exponential
// and two multiplications per value. There is a sum for each column, so that vectors are reduced
// once, after the last row.
#include "cpu/soft_argmax.h"

#include <cmath>
#include <vector>

#include "cpu/convert.h"
#include "cpu/peak.h"

namespace rmpe::cpu {
namespace {

// Adds the weights of a row to sums, and the weights times `distance` to moments.
template <typename T>
__attribute__((always_inline)) inline void add_row(const T* row, int64_t width, T beta, T maximum,
                                                   T distance, T* __restrict sums,
                                                   T* __restrict moments) {
  for (int64_t x = 0; x < width; ++x) {
    const T weight = exp_nonpositive(beta * (row[x] - maximum));
    sums[x] += weight;
    moments[x] += distance * weight;
  }
}

template <typename T>
__attribute__((always_inline)) inline void write_gradient(const SoftArgmaxGradient<T>& g,
                                                          const T* row, int64_t width, int64_t y,
                                                          T* __restrict out) {
  for (int64_t x = 0; x < width; ++x) {
    // 32 bits suffice for a column, and every processor converts them in vectors.
    out[x] = soft_argmax_gradient(g, row[x], T(int32_t(x)), T(y));
  }
}

RMPE_MULTIVERSION void accumulate(const float* row, int64_t width, float beta, float maximum,
                                  float distance, float* sums, float* moments) {
  add_row(row, width, beta, maximum, distance, sums, moments);
}
RMPE_MULTIVERSION void accumulate(const double* row, int64_t width, double beta, double maximum,
                                  double distance, double* sums, double* moments) {
  add_row(row, width, beta, maximum, distance, sums, moments);
}
RMPE_MULTIVERSION void differentiate(const SoftArgmaxGradient<float>& g, const float* row,
                                     int64_t width, int64_t y, float* out) {
  write_gradient(g, row, width, y, out);
}
RMPE_MULTIVERSION void differentiate(const SoftArgmaxGradient<double>& g, const double* row,
                                     int64_t width, int64_t y, double* out) {
  write_gradient(g, row, width, y, out);
}

}  // namespace

template <typename Stored, typename T>
void soft_argmax(const Stored* heatmaps, int64_t height, int64_t width, T beta, int64_t begin,
                 int64_t end, T* keypoints, Partition<T>* partition) {
  Reader<Stored> reader(height * width);
  std::vector<T> sums(width), moments(width);
  for (int64_t item = begin; item < end; ++item) {
    const T* map = reader.read(heatmaps + item * height * width);
    const Peak<T> peak = find_peak(map, height * width);
    if (!std::isfinite(peak.value)) {
      keypoints[2 * item] = keypoints[2 * item + 1] = T(NAN);
      partition[item] = {peak.value, T(NAN)};
      continue;
    }
    // Positions are measured from the peak, where most of the weight is: this rounds least.
    const int64_t peak_x = peak.index % width, peak_y = peak.index / width;
    std::fill(sums.begin(), sums.end(), T(0));
    std::fill(moments.begin(), moments.end(), T(0));
    for (int64_t y = 0; y < height; ++y) {
      accumulate(map + y * width, width, beta, peak.value, T(y - peak_y), sums.data(),
                 moments.data());
    }
    double total = 0.0, moment_x = 0.0, moment_y = 0.0;
    for (int64_t x = 0; x < width; ++x) {
      total += double(sums[x]);
      moment_x += double(x - peak_x) * double(sums[x]);
      moment_y += double(moments[x]);
    }
    keypoints[2 * item] = T(double(peak_x) + moment_x / total);
    keypoints[2 * item + 1] = T(double(peak_y) + moment_y / total);
    partition[item] = {peak.value, T(total)};
  }
}

template <typename Stored, typename T>
void soft_argmax_backward(const T* grad, const Stored* heatmaps, const T* keypoints,
                          const Partition<T>* partition, int64_t height, int64_t width, T beta,
                          int64_t begin, int64_t end, Stored* grad_heatmaps) {
  Reader<Stored> reader(width);
  Writer<Stored> writer(width);
  for (int64_t item = begin; item < end; ++item) {
    const Stored* map = heatmaps + item * height * width;
    Stored* out = grad_heatmaps + item * height * width;
    if (std::isnan(partition[item].total)) {
      std::fill(out, out + height * width, Stored{});
      continue;
    }
    const SoftArgmaxGradient<T> gradient{beta,
                                         partition[item].maximum,
                                         beta / partition[item].total,
                                         keypoints[2 * item],
                                         keypoints[2 * item + 1],
                                         grad[2 * item],
                                         grad[2 * item + 1]};
    for (int64_t y = 0; y < height; ++y) {
      const T* row = reader.read(map + y * width);
      differentiate(gradient, row, width, y, writer.begin(out + y * width));
      writer.end(out + y * width);
    }
  }
}

template void soft_argmax(const float*, int64_t, int64_t, float, int64_t, int64_t, float*,
                          Partition<float>*);
template void soft_argmax(const double*, int64_t, int64_t, double, int64_t, int64_t, double*,
                          Partition<double>*);
template void soft_argmax(const Half*, int64_t, int64_t, float, int64_t, int64_t, float*,
                          Partition<float>*);
template void soft_argmax(const BFloat16*, int64_t, int64_t, float, int64_t, int64_t, float*,
                          Partition<float>*);
template void soft_argmax_backward(const float*, const float*, const float*,
                                   const Partition<float>*, int64_t, int64_t, float, int64_t,
                                   int64_t, float*);
template void soft_argmax_backward(const double*, const double*, const double*,
                                   const Partition<double>*, int64_t, int64_t, double, int64_t,
                                   int64_t, double*);
template void soft_argmax_backward(const float*, const Half*, const float*, const Partition<float>*,
                                   int64_t, int64_t, float, int64_t, int64_t, Half*);
template void soft_argmax_backward(const float*, const BFloat16*, const float*,
                                   const Partition<float>*, int64_t, int64_t, float, int64_t,
                                   int64_t, BFloat16*);

}  // namespace rmpe::cpu
