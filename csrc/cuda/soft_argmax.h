#pragma once

#include <cstdint>

#include "core/half.h"
#include "core/soft_argmax.h"
#include "cuda/device.h"

namespace rmpe::cuda {

// Stored: float, double, Half, BFloat16.
template <typename Stored, typename T = ComputeType<Stored>>
void launch_soft_argmax(const Stored* heatmaps,  // [maps, height, width]
                        int64_t maps, int64_t height, int64_t width, T beta, cudaStream_t stream,
                        // outputs
                        T* keypoints,              // [maps, 2]
                        Partition<T>* partition);  // [maps]

template <typename Stored, typename T = ComputeType<Stored>>
void launch_soft_argmax_backward(const T* grad,                  // [maps, 2]
                                 const Stored* heatmaps,         // [maps, height, width]
                                 const T* keypoints,             // [maps, 2]
                                 const Partition<T>* partition,  // [maps]
                                 int64_t maps, int64_t height, int64_t width, T beta,
                                 cudaStream_t stream,
                                 // outputs
                                 Stored* grad_heatmaps);  // [maps, height, width]

}  // namespace rmpe::cuda
