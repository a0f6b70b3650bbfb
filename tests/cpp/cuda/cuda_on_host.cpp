#include "cuda_on_host.h"

#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(RMPE_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
#endif

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace cuda_on_host {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
constexpr size_t kSharedAlignment = 16;

enum class State { kReady, kWaitsForBlock, kWaitsForWarp, kDone };

// Where threads meet, time after time: a place for even times and one for odd ones, so that who
// leaves a meeting late is not ordered after who has left it already, and come to the next.
struct MeetingPoint {
  uint64_t places[2] = {};
  unsigned held = 0;  // meetings

  void* next() { return &places[held & 1]; }
};

struct Fiber {
  ucontext_t context;
  State state = State::kDone;
  unsigned mask = 0;       // of the warp operation it waits for
  uint64_t posted = 0;     // to the warp
  uint64_t received[32];   // from the warp
  bool predicate = false;  // of the block's barrier
  MeetingPoint warp;       // of the lanes of which this one is the lowest
};

// What the fibers of one grid leave to those of the next: to make it anew takes longer than most
// grids run.
struct Home {
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
#if defined(RMPE_THREAD_SANITIZER)
  void* sanitizer = __tsan_create_fiber(0);
#endif
};

// The one grid that runs.
struct Grid {
  const std::function<void()>* kernel;
  std::vector<Fiber> fibers;
  ucontext_t scheduler;
  void* scheduler_sanitizer = nullptr;
  size_t current = 0;
  void* shared = nullptr;
  MeetingPoint block;
  int block_count = 0;          // of the predicates at the last barrier
  const char* fault = nullptr;  // what the kernel did wrong
};

Grid* grid = nullptr;
Schedule schedule = Schedule::kForward;
std::vector<Home> homes;

// What orders fibers in the eyes of ThreadSanitizer: everything before a release happens before
// what follows an acquire of the same place.
#if defined(RMPE_THREAD_SANITIZER)
void release(void* place) { __tsan_release(place); }
void acquire(void* place) { __tsan_acquire(place); }
#else
void release(void*) {}
void acquire(void*) {}
#endif

#if defined(__SANITIZE_ADDRESS__)
const void* scheduler_stack = nullptr;
size_t scheduler_stack_bytes = 0;
#endif

void switch_to_fiber(Fiber& fiber, Home& home) {
#if defined(RMPE_THREAD_SANITIZER)
  __tsan_switch_to_fiber(home.sanitizer, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, home.stack.get(), kStackBytes);
#endif
  (void)home;
  swapcontext(&grid->scheduler, &fiber.context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

void switch_to_scheduler(Fiber& fiber) {
  release(&grid->fibers);  // acquired at the block's end, also where a fault is the end
#if defined(RMPE_THREAD_SANITIZER)
  __tsan_switch_to_fiber(grid->scheduler_sanitizer, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(fiber.state == State::kDone ? nullptr : &fake_stack,
                                 scheduler_stack, scheduler_stack_bytes);
#endif
  swapcontext(&fiber.context, &grid->scheduler);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

void run_thread() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_stack_bytes);
#endif
  Fiber& fiber = grid->fibers[grid->current];
  // AddressSanitizer forgets what it knows of a stack whenever that is switched to. Once is enough.
  fiber.context.uc_stack.ss_size = 0;
  acquire(grid);
  (*grid->kernel)();
  fiber.state = State::kDone;
  switch_to_scheduler(fiber);
}

// Makes the fiber start the kernel when it is switched to.
void prepare(Fiber& fiber, Home& home) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = home.stack.get();
  fiber.context.uc_stack.ss_size = kStackBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, run_thread, 0);
  fiber.state = State::kReady;
}

size_t lowest(unsigned mask) { return size_t(__builtin_ctz(mask)); }

// `meeting` is the same for all who wait for each other.
void wait(State state, void* meeting) {
  Fiber& fiber = grid->fibers[grid->current];
  fiber.state = state;
  release(meeting);
  switch_to_scheduler(fiber);
  acquire(meeting);
}

void set_thread(size_t thread) {
  grid->current = thread;
  threadIdx.x = unsigned(thread % blockDim.x);
  threadIdx.y = unsigned(thread / blockDim.x % blockDim.y);
  threadIdx.z = unsigned(thread / blockDim.x / blockDim.y);
}

// Lets the threads of every complete warp operation go on; whether there was one.
bool release_warps() {
  bool released = false;
  std::vector<Fiber>& fibers = grid->fibers;
  for (size_t first = 0; first < fibers.size(); first += 32) {
    const size_t size = std::min<size_t>(32, fibers.size() - first);
    for (size_t i = 0; i < size; ++i) {
      const Fiber& fiber = fibers[first + i];
      if (fiber.state != State::kWaitsForWarp) continue;
      const unsigned mask = fiber.mask;
      bool complete = true;
      for (size_t j = 0; j < size; ++j) {
        const Fiber& other = fibers[first + j];
        complete &=
            !(mask >> j & 1u) || (other.state == State::kWaitsForWarp && other.mask == mask);
      }
      if (!complete) continue;
      uint64_t posted[32] = {};
      for (size_t j = 0; j < size; ++j) posted[j] = fibers[first + j].posted;
      for (size_t j = 0; j < size; ++j) {
        if (!(mask >> j & 1u)) continue;
        std::copy(posted, posted + 32, fibers[first + j].received);
        fibers[first + j].state = State::kReady;
      }
      ++fibers[first + lowest(mask)].warp.held;
      released = true;
    }
  }
  return released;
}

// On the heap and exactly as large as asked for, so that AddressSanitizer sees its ends.
struct SharedMemory {
  void* data = nullptr;

  explicit SharedMemory(size_t bytes) {
    if (bytes == 0) return;
    if (posix_memalign(&data, kSharedAlignment, bytes) != 0) throw std::bad_alloc();
    memset(data, 0xff, bytes);
  }
  ~SharedMemory() { std::free(data); }
  SharedMemory(const SharedMemory&) = delete;
};

bool all(State state) {
  return std::all_of(grid->fibers.begin(), grid->fibers.end(),
                     [=](const Fiber& fiber) { return fiber.state == state; });
}

void run_block(std::vector<size_t>& order, std::mt19937& random) {
  for (size_t i = 0; i < grid->fibers.size(); ++i) prepare(grid->fibers[i], homes[i]);
  while (!all(State::kDone)) {
    if (schedule == Schedule::kShuffled) std::shuffle(order.begin(), order.end(), random);
    bool ran = false;
    for (const size_t thread : order) {
      if (grid->fibers[thread].state != State::kReady) continue;
      ran = true;
      set_thread(thread);
      switch_to_fiber(grid->fibers[thread], homes[thread]);
      if (grid->fault != nullptr) throw Fault(grid->fault);
    }
    ran |= release_warps();
    if (ran) continue;
    if (!all(State::kWaitsForBlock)) {
      throw Fault("threads wait for others that never come to the barrier or warp operation");
    }
    ++grid->block.held;
    grid->block_count = 0;
    for (Fiber& fiber : grid->fibers) {
      grid->block_count += fiber.predicate;
      fiber.state = State::kReady;
    }
  }
}

}  // namespace

void set_schedule(Schedule chosen) { schedule = chosen; }

void run_grid(dim3 blocks, dim3 threads, size_t shared_bytes, const std::function<void()>& kernel) {
  if (threads.x * threads.y * threads.z > 1024) throw Fault("a block has at most 1024 threads");
  if (blocks.y > 65535 || blocks.z > 65535) throw Fault("a grid has at most 65535 blocks in y, z");
  if (shared_bytes > 48 * 1024) throw Fault("a block has at most 48 KB of shared memory");
  Grid running;
  running.kernel = &kernel;
  running.fibers = std::vector<Fiber>(size_t(threads.x) * threads.y * threads.z);
  grid = &running;
  gridDim = blocks;
  blockDim = threads;
  while (homes.size() < running.fibers.size()) homes.emplace_back();
#if defined(RMPE_THREAD_SANITIZER)
  running.scheduler_sanitizer = __tsan_get_current_fiber();
#endif

  std::vector<size_t> order(running.fibers.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = schedule == Schedule::kBackward ? order.size() - 1 - i : i;
  }
  std::mt19937 random(1);
  const auto finish = [&] {
    acquire(&grid->fibers);
    grid = nullptr;
  };
  try {
    for (unsigned z = 0; z < blocks.z; ++z) {
      for (unsigned y = 0; y < blocks.y; ++y) {
        for (unsigned x = 0; x < blocks.x; ++x) {
          blockIdx = dim3(x, y, z);
          const SharedMemory shared(shared_bytes);
          running.shared = shared.data;
          release(grid);
          run_block(order, random);
          acquire(&grid->fibers);
        }
      }
    }
  } catch (...) {
    finish();
    throw;
  }
  finish();
}

void* shared_memory() { return grid->shared; }

void wait_for_block() { count_in_block(false); }

int count_in_block(bool predicate) {
  grid->fibers[grid->current].predicate = predicate;
  wait(State::kWaitsForBlock, grid->block.next());
  return grid->block_count;
}

unsigned lane() { return unsigned(grid->current % 32); }

const uint64_t* exchange_in_warp(unsigned mask, uint64_t value) {
  Fiber& fiber = grid->fibers[grid->current];
  if (!(mask >> lane() & 1u)) fault("a lane takes part in a warp operation that leaves it out");
  fiber.mask = mask;
  fiber.posted = value;
  const size_t first = grid->current / 32 * 32;
  wait(State::kWaitsForWarp, grid->fibers[first + lowest(mask)].warp.next());
  return fiber.received;
}

void fault(const char* what) {
  grid->fault = what;
  switch_to_scheduler(grid->fibers[grid->current]);
  std::abort();  // a fiber at fault is never resumed
}

}  // namespace cuda_on_host
