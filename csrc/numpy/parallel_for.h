// Spreads the CPU loops over threads, as at::parallel_for does for PyTorch.
//
// OpenMP's threads would not survive a fork, after which GCC's runtime waits for them forever.
// These start when first needed, sleep between calls, and start anew in a forked process.
#pragma once

#include <cstdint>
#include <functional>

namespace rmpe {

// Calls body(begin, end) for ranges that cover [begin, end) once, and returns when all are done; on
// several threads where there are more than `grain` items. An exception of body is thrown here.
void parallel_for(int64_t begin, int64_t end, int64_t grain,
                  const std::function<void(int64_t, int64_t)>& body);

// How many threads one call uses at most, its own included.
int64_t get_num_threads();
void set_num_threads(int64_t count);  // at least 1

}  // namespace rmpe
