// The threads that run in step.
#pragma once

namespace rmpe::cuda {

constexpr int kWarpSize = 32;  // the host, which counts blocks, does not know warpSize
constexpr unsigned kAllLanes = ~0u;

}  // namespace rmpe::cuda
