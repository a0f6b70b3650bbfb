// The number of blocks of a launch.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace rmpe::cuda {

// The number of blocks with `per_block` items each. Throws if there are more than CUDA allows.
inline unsigned grid_size(const char* what, int64_t items, int64_t per_block) {
  const int64_t blocks = (items + per_block - 1) / per_block;
  if (blocks > INT32_MAX) {
    throw std::runtime_error(std::string(what) + ": too many for one call on CUDA, got " +
                             std::to_string(items) + "; split the batch");
  }
  return unsigned(blocks);
}

}  // namespace rmpe::cuda
