// Merging poses over raw pointers.
#pragma once

#include <cstdint>

#include "../core/merge_poses.h"
#include "groups.h"

namespace rmpe::cpu {

// Merges groups [begin, end) of poses that the same pose removed. T is float or double.
template <typename T>
void merge_poses(const T* keypoints,         // [N, K, 2]
                 const T* scores,            // [N, K]
                 const T* boxes,             // [N, 4]
                 const int64_t* suppressor,  // [N]
                 int64_t N, int64_t K, const MergeParameters& parameters, const Groups& groups,
                 int64_t begin, int64_t end,
                 // outputs
                 T* merged_keypoints,  // [N, K, 2]
                 T* merged_scores,     // [N, K]
                 bool* keep);          // [N]

}  // namespace rmpe::cpu
