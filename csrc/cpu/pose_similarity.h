// Similarity of poses over raw pointers.
#pragma once

#include <cstdint>
#include <vector>

#include "../core/pose_similarity.h"
#include "../core/poses.h"

namespace rmpe::cpu {

// Weights of the joints, [N, K], K > 0. NaN for a pose that is not finite, or whose box is not.
template <typename T>
std::vector<T> weights_or_nan(const PoseList<T>& poses,
                              const T* boxes,  // [N, 4]
                              int64_t N, const PoseNMSParameters& parameters);

// Writes rows [begin, end) of the similarity matrix, one for each reference pose. T is float or
// double. Fewer rows than kLanes take as long as so many.
template <typename T>
void pose_similarity(const PoseList<T>& poses,
                     const T* boxes,    // [N, 4]
                     const T* weights,  // [N, K], of weights_or_nan
                     int64_t N, const PoseNMSParameters& parameters, int64_t begin, int64_t end,
                     // outputs
                     T* similarity);  // [N, N]

}  // namespace rmpe::cpu
