// Items side by side with those that belong to them, as csrc/cpu/groups.h, when neither the number
// of groups nor their sizes are known to the host, which cannot wait for the device to learn them.
//
// Four steps, each of them one thread or one warp an item: every item joins the slot of its group
// in a table and counts as a member; the first member of a slot claims a range of places; the
// members enter the range as they come; and each, counting who precedes it, finds its place in the
// order. Counting takes size^2 comparisons for a group, spread over the whole device: for one group
// of 10000 about 4e7 instructions of a warp, or 70000 cycles of 132 multiprocessors. In return,
// sizes have no limit, and the result does not depend on which thread comes first.
#pragma once

#include <cstdint>

#include "core/macros.h"
#include "cuda/device.h"
#include "cuda/grid_size.h"
#include "cuda/scratch.h"
#include "cuda/warp.h"

namespace rmpe::cuda {

constexpr unsigned kNoSlot = ~0u;

struct Range {
  unsigned first, size;
};

struct Groups {
  const int64_t* index;  // [N], items of equal index form a group; null: all do
  int64_t N;
  int64_t slots;  // of the table; a power of two where index is looked up
  // Zeroed before items join.
  unsigned* count;   // of groups
  unsigned* placed;  // how many places have been claimed
  unsigned* sizes;   // [slots]
  unsigned* owners;  // [slots], 1 + an item of the group, 0: free
  // Written in the order of the steps.
  unsigned* slot_of;   // [N]
  unsigned* position;  // [N], among the members of the group, in no particular order
  unsigned* first;     // [slots], place of the first member
  unsigned* listed;    // [N], the slots in use
  unsigned* members;   // [N]
  unsigned* ordered;   // [N], the members of a group in their order

  Groups(const int64_t* index, int64_t N, int64_t slots, Scratch& scratch)
      : index(index), N(N), slots(slots) {
    unsigned* zeroed = scratch.allocate<unsigned>(zeroed_count());
    count = zeroed;
    placed = zeroed + 1;
    sizes = zeroed + 2;
    owners = zeroed + 2 + slots;
    slot_of = scratch.allocate<unsigned>(N);
    position = scratch.allocate<unsigned>(N);
    first = scratch.allocate<unsigned>(slots);
    listed = scratch.allocate<unsigned>(N);
    members = scratch.allocate<unsigned>(N);
    ordered = scratch.allocate<unsigned>(N);
  }
  int64_t zeroed_count() const { return 2 + 2 * slots; }

  RMPE_HD bool is_one() const { return index == nullptr; }
  RMPE_HD unsigned group_count() const { return is_one() ? 1 : *count; }
  RMPE_HD Range range_of_slot(unsigned slot) const {
    return {is_one() ? 0 : first[slot], sizes[slot]};
  }
  RMPE_HD Range range(unsigned group) const { return range_of_slot(is_one() ? 0 : listed[group]); }
};

// Slots of a table in which any index can be looked up. At most half are in use, so that a search
// soon ends.
inline int64_t table_slots(int64_t N) {
  int64_t slots = 1;
  while (slots < 2 * N) slots *= 2;
  return slots;
}

inline int64_t image_table_slots(int64_t N, bool many_images) {
  return many_images ? table_slots(N) : 1;
}

// Blocks that share the images out among themselves: more of them than run at once would only start
// in order to find that there is no image left.
inline unsigned image_blocks(int64_t N, bool many_images) {
  constexpr int64_t kMostBlocks = 1024;
  return many_images ? unsigned(N < kMostBlocks ? N : kMostBlocks) : 1;
}

// The finalizer of MurmurHash3: every bit of the index reaches every bit of the slot.
__device__ inline unsigned hash(int64_t index) {
  uint64_t h = uint64_t(index);
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdull;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ull;
  h ^= h >> 33;
  return unsigned(h);
}

// The slot of an item's group, taken for it where it has none yet.
__device__ inline unsigned find_slot(const Groups& groups, int64_t i) {
  if (groups.is_one()) return 0;
  const unsigned mask = unsigned(groups.slots - 1);
  unsigned slot = hash(groups.index[i]) & mask;
  for (;; slot = (slot + 1) & mask) {
    const unsigned owner = atomicCAS(&groups.owners[slot], 0u, unsigned(i) + 1);
    if (owner == 0 || groups.index[owner - 1] == groups.index[i]) return slot;
  }
}

// Item i becomes a member of the slot's group, or of none. All threads of a block call it; those
// beyond the items with none.
__device__ inline void join(const Groups& groups, int64_t i, unsigned slot) {
  if (i < groups.N) groups.slot_of[i] = slot;
  if (groups.is_one()) {  // where all would count at one address
    const int members = __syncthreads_count(slot != kNoSlot);
    if (threadIdx.x == 0) atomicAdd(groups.sizes, unsigned(members));
  } else if (slot != kNoSlot) {
    groups.position[i] = atomicAdd(&groups.sizes[slot], 1u);
  }
}

constexpr int kGroupThreads = 256;

static __global__ void __launch_bounds__(kGroupThreads) claim_kernel(Groups groups) {
  const int64_t i = int64_t(blockIdx.x) * kGroupThreads + threadIdx.x;
  if (i >= groups.N || groups.slot_of[i] == kNoSlot || groups.position[i] != 0) return;
  const unsigned slot = groups.slot_of[i];
  groups.first[slot] = atomicAdd(groups.placed, groups.sizes[slot]);
  groups.listed[atomicAdd(groups.count, 1u)] = slot;
}

static __global__ void __launch_bounds__(kGroupThreads) scatter_kernel(Groups groups) {
  const int64_t i = int64_t(blockIdx.x) * kGroupThreads + threadIdx.x;
  if (i >= groups.N || groups.slot_of[i] == kNoSlot) return;
  groups.members[groups.first[groups.slot_of[i]] + groups.position[i]] = unsigned(i);
}

// One warp an item. precedes(a, b) is a strict order of the items of a group.
template <typename Precedes>
__global__ void __launch_bounds__(kGroupThreads) rank_kernel(Groups groups, Precedes precedes) {
  const int64_t thread = int64_t(blockIdx.x) * kGroupThreads + threadIdx.x;
  const unsigned i = unsigned(thread / kWarpSize), lane = unsigned(thread % kWarpSize);
  if (i >= groups.N || groups.slot_of[i] == kNoSlot) return;
  Range group = groups.range_of_slot(groups.slot_of[i]);
  if (groups.is_one()) group.size = unsigned(groups.N);  // others take no part, and precede nobody
  unsigned before = 0;
  for (unsigned m = lane; m < group.size; m += kWarpSize) {
    before += precedes(groups.is_one() ? m : groups.members[group.first + m], i);
  }
  before = warp_sum(before);
  if (lane == 0) groups.ordered[group.first + before] = i;
}

// Must precede the launch in which items join.
inline void clear(const Groups& groups, cudaStream_t stream) {
  zero(groups.count, groups.zeroed_count() * sizeof(unsigned), stream);
}

// Orders the members of each group once all have joined.
template <typename Precedes>
void launch_order_groups(const char* what, const Groups& groups, const Precedes& precedes,
                         cudaStream_t stream) {
  if (!groups.is_one()) {
    const dim3 grid(grid_size(what, groups.N, kGroupThreads));
    launch(claim_kernel, grid, dim3(kGroupThreads), 0, stream, groups);
    launch(scatter_kernel, grid, dim3(kGroupThreads), 0, stream, groups);
  }
  launch(rank_kernel<Precedes>, dim3(grid_size(what, groups.N, kGroupThreads / kWarpSize)),
         dim3(kGroupThreads), 0, stream, groups, precedes);
}

// By score, from the highest on; of equal scores the lower index first. NaN: takes no part.
struct ByScore {
  const double* scores;  // [N]

  RMPE_HD bool operator()(unsigned a, unsigned b) const {
    return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
  }
};

}  // namespace rmpe::cuda
