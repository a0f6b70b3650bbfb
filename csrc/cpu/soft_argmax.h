#pragma once

#include <cstdint>

#include "../core/half.h"
#include "../core/soft_argmax.h"

namespace rmpe::cpu {

// Works on maps [begin, end) of `heatmaps` [maps, height, width].
template <typename Stored, typename T = ComputeType<Stored>>
void soft_argmax(const Stored* heatmaps, int64_t height, int64_t width, T beta, int64_t begin,
                 int64_t end,
                 // outputs
                 T* keypoints,              // [maps, 2]
                 Partition<T>* partition);  // [maps]

template <typename Stored, typename T = ComputeType<Stored>>
void soft_argmax_backward(const T* grad,                  // [maps, 2]
                          const Stored* heatmaps,         // [maps, height, width]
                          const T* keypoints,             // [maps, 2]
                          const Partition<T>* partition,  // [maps]
                          int64_t height, int64_t width, T beta, int64_t begin, int64_t end,
                          // outputs
                          Stored* grad_heatmaps);  // [maps, height, width]

}  // namespace rmpe::cpu
