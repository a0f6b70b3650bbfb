// Cost: as in pose_nms; all pairs are compared.
#include "cpu/pose_similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/pose_references.h"

namespace rmpe::cpu {

template <typename T>
std::vector<T> weights_or_nan(const PoseList<T>& poses, const T* boxes, int64_t N,
                              const PoseNMSParameters& parameters) {
  std::vector<T> weights(N * poses.K);
  weigh_joints(poses.scores, N * poses.K, parameters.sigma1, weights.data());
  for (int64_t i = 0; i < N; ++i) {
    if (poses.finite(i) && all_finite(boxes + i * 4, 4)) continue;
    std::fill_n(weights.data() + i * poses.K, poses.K, std::numeric_limits<T>::quiet_NaN());
  }
  return weights;
}

template <typename T>
void pose_similarity(const PoseList<T>& poses, const T* boxes, const T* weights, int64_t N,
                     const PoseNMSParameters& parameters, int64_t begin, int64_t end,
                     T* similarity) {
  PoseReferences<T> references(poses, boxes, parameters);
  for (int64_t i = begin; i < end; ++i) references.add(i, weights + i * poses.K);
  T column[kLanes<T>], near[kLanes<T>];
  for (int64_t j = 0; j < N; ++j) {
    for (int64_t b = 0; b < references.block_count(); ++b) {
      references.compare(j, weights + j * poses.K, b, column, near);
      for (int64_t l = 0; l < references.size_of(b); ++l) {
        similarity[(begin + b * kLanes<T> + l) * N + j] = column[l];
      }
    }
  }
  // A pose that is not finite has no similarity.
  for (int64_t j = 0; j < N; ++j) {
    const T nan = std::numeric_limits<T>::quiet_NaN();
    if (!std::isnan(weights[j * poses.K])) continue;
    for (int64_t i = begin; i < end; ++i) similarity[i * N + j] = nan;
    if (begin <= j && j < end) std::fill_n(similarity + j * N, N, nan);
  }
}

template std::vector<float> weights_or_nan(const PoseList<float>&, const float*, int64_t,
                                           const PoseNMSParameters&);
template std::vector<double> weights_or_nan(const PoseList<double>&, const double*, int64_t,
                                            const PoseNMSParameters&);
template void pose_similarity(const PoseList<float>&, const float*, const float*, int64_t,
                              const PoseNMSParameters&, int64_t, int64_t, float*);
template void pose_similarity(const PoseList<double>&, const double*, const double*, int64_t,
                              const PoseNMSParameters&, int64_t, int64_t, double*);

}  // namespace rmpe::cpu
