// How many blocks a launch needs.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace rmpe::cuda {

// Blocks of `per_block` items each. Throws where CUDA cannot count so many.
inline unsigned grid_size(const char* what, int64_t items, int64_t per_block) {
  const int64_t blocks = (items + per_block - 1) / per_block;
  if (blocks > INT32_MAX) {
    throw std::runtime_error(std::string(what) + ": too many for one call on CUDA, got " +
                             std::to_string(items) + "; split the batch");
  }
  return unsigned(blocks);
}

}  // namespace rmpe::cuda
