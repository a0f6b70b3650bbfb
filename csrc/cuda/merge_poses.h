// Merging poses over raw pointers of the device.
#pragma once

#include <cstdint>

#include "core/merge_poses.h"
#include "cuda/device.h"

namespace rmpe::cuda {

// Bytes of scratch memory that launch_merge_poses needs.
size_t merge_poses_scratch_bytes(int64_t N);

// T is float or double.
template <typename T>
void launch_merge_poses(const T* keypoints,         // [N, K, 2]
                        const T* scores,            // [N, K]
                        const T* boxes,             // [N, 4]
                        const int64_t* suppressor,  // [N]
                        int64_t N, int64_t K, const MergeParameters& parameters, void* scratch,
                        cudaStream_t stream,
                        // outputs
                        T* merged_keypoints,  // [N, K, 2]
                        T* merged_scores,     // [N, K]
                        bool* keep);          // [N]

}  // namespace rmpe::cuda
