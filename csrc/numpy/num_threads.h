// How many threads one call uses at most, its own included.
#pragma once

#include <atomic>
#include <cstdint>

namespace rmpe {

inline std::atomic<int64_t> num_threads{1};

inline int64_t get_num_threads() { return num_threads; }
inline void set_num_threads(int64_t count) { num_threads = count; }  // at least 1

}  // namespace rmpe
