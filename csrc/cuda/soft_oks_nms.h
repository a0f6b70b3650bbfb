// Soft OKS NMS over raw pointers of the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/poses.h"
#include "core/soft_oks_nms.h"
#include "cuda/device.h"

namespace rmpe::cuda {

// Bytes of scratch memory that launch_soft_oks_nms needs. T is float or double.
template <typename T>
size_t soft_oks_nms_scratch_bytes(int64_t N, int64_t K, bool many_images);

template <typename T>
void launch_soft_oks_nms(const PoseList<T>& poses,
                         const T* areas,   // [N], pixels^2
                         const T* sigmas,  // [K]
                         const SoftOksParameters& parameters,
                         const int64_t* image_index,  // [N], null: one image
                         int64_t N, void* scratch, cudaStream_t stream,
                         // outputs
                         bool* keep,      // [N]
                         T* pose_scores,  // [N]
                         int64_t* rank);  // [N]

}  // namespace rmpe::cuda
