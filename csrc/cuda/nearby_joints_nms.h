// Nearby-joints NMS over raw pointers of the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/nearby_joints_nms.h"
#include "core/poses.h"
#include "cuda/device.h"

namespace rmpe::cuda {

// Bytes of scratch memory that launch_nearby_joints_nms needs. T is float or double.
template <typename T>
size_t nearby_joints_nms_scratch_bytes(int64_t N, bool many_images);

template <typename T>
void launch_nearby_joints_nms(const PoseList<T>& poses, const NearbyJointsParameters& parameters,
                              const int64_t* image_index,  // [N], null: one image
                              int64_t N, void* scratch, cudaStream_t stream,
                              // outputs
                              bool* keep,            // [N]
                              int64_t* suppressor);  // [N]

}  // namespace rmpe::cuda
