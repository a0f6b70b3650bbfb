// The joints that a launch decodes, and how a mirrored image swaps them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rmpe::cuda {

// They are passed as a kernel argument, which may have 4 KB, so that nothing has to be copied to
// the device first. More joints need more launches.
constexpr unsigned kJointsPerLaunch = 512;

template <bool kFlip>
struct Joints {
  unsigned first, count;
  unsigned swapped[kFlip ? kJointsPerLaunch : 1];  // entries of swapped_joint from `first` on
};

// Calls body(joints) for all K joints.
template <bool kFlip, typename Body>
void for_each_launch(const int64_t* swapped_joint,  // [K], not read without kFlip
                     int64_t K, Body&& body) {
  const int64_t per_launch = kFlip ? kJointsPerLaunch : K;
  for (int64_t first = 0; first < K; first += per_launch) {
    Joints<kFlip> joints{unsigned(first), unsigned(std::min(per_launch, K - first)), {}};
    if (kFlip) std::copy_n(swapped_joint + first, joints.count, joints.swapped);
    body(joints);
  }
}

}  // namespace rmpe::cuda
