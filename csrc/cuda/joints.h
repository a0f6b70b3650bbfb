// Which joints a launch decodes, and how they change sides in a mirror.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rmpe::cuda {

// They travel as an argument of the kernel, of which there are 4 KB: nothing has to be copied to
// the device first. More joints take more launches.
constexpr unsigned kJointsPerLaunch = 512;

template <bool kFlip>
struct Joints {
  unsigned first, count;
  unsigned swapped[kFlip ? kJointsPerLaunch : 1];  // of `first` and so on
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
