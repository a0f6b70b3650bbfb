// Box NMS over raw pointers of the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/device.h"

namespace rmpe::cuda {

// Bytes of scratch memory that launch_box_nms needs. T is float or double.
template <typename T>
size_t box_nms_scratch_bytes(int64_t N, bool many_images);

template <typename T>
void launch_box_nms(const T* boxes,   // [N, 4]
                    const T* scores,  // [N]
                    double threshold,
                    const int64_t* image_index,  // [N], null: one image
                    int64_t N, void* scratch, cudaStream_t stream,
                    // outputs
                    bool* keep,            // [N]
                    int64_t* suppressor);  // [N]

}  // namespace rmpe::cuda
