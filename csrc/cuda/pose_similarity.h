// Similarity of poses over raw pointers of the device.
#pragma once

#include <cstdint>

#include "core/pose_similarity.h"
#include "core/poses.h"
#include "cuda/device.h"

namespace rmpe::cuda {

// T is float or double.
template <typename T>
void launch_pose_similarity(const PoseList<T>& poses,
                            const T* boxes,  // [N, 4]
                            const PoseNMSParameters& parameters, int64_t N, cudaStream_t stream,
                            // outputs
                            T* similarity);  // [N, N]

}  // namespace rmpe::cuda
