// Pose NMS and box NMS over raw pointers.
#pragma once

#include <cstdint>

#include "core/pose_nms.h"
#include "cpu/greedy.h"

namespace rmpe::cpu {

// Images [begin, end) of groups. T is float or double.
template <typename T>
void pose_nms(const T* keypoints,    // [N, K, 2]
              const T* scores,       // [N, K]
              const T* boxes,        // [N, 4]
              const T* pose_scores,  // [N], what orders the poses; null: their mean score
              int64_t K, const PoseNMSParameters& parameters, const ImageGroups& groups,
              int64_t begin, int64_t end,
              // outputs
              bool* keep,            // [N]
              int64_t* suppressor);  // [N]

// Images [begin, end) of groups.
template <typename T>
void box_nms(const T* boxes,   // [N, 4]
             const T* scores,  // [N]
             double threshold, const ImageGroups& groups, int64_t begin, int64_t end,
             // outputs
             bool* keep,            // [N]
             int64_t* suppressor);  // [N]

// Rows [begin, end) of the similarity matrix: the reference poses.
template <typename T>
void pose_similarity(const T* keypoints,  // [N, K, 2]
                     const T* scores,     // [N, K]
                     const T* boxes,      // [N, 4]
                     int64_t N, int64_t K, const PoseNMSParameters& parameters,
                     int64_t begin, int64_t end,
                     // outputs
                     T* similarity);  // [N, N]

}  // namespace rmpe::cpu
