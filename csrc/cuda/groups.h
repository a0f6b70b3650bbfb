// Groups of items, as csrc/cpu/groups.h. The host knows neither the number of groups nor their
// sizes: to learn them it would have to wait for the device.
//
// There are four steps, with a thread or a warp per item. (1) An item joins the slot of its group
// in a hash table, and counts as a member. (2) The first member of a slot claims a range of places.
// (3) The members enter the range in any order. (4) Each member counts the members that precede it,
// which is its place in the order. Counting takes size^2 comparisons for a group, spread over the
// whole device: 4e7 instructions of a warp for a group of 10000, or 70000 cycles of 132
// multiprocessors. In return, sizes have no limit, and the result does not depend on the order of
// the threads.
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
  const int64_t* index;  // [N], items with the same index form a group; null: one group
  int64_t N;
  int64_t slots;  // of the table; a power of two if it is searched by index
  // Zeroed before items join.
  unsigned* count;   // number of groups
  unsigned* placed;  // number of places that have been claimed
  unsigned* sizes;   // [slots]
  unsigned* owners;  // [slots], 1 + an item of the group; 0: the slot is free
  // Written by the steps, in their order.
  unsigned* slot_of;   // [N]
  unsigned* position;  // [N], among the members of the group, in no particular order
  unsigned* first;     // [slots], place of the first member
  unsigned* listed;    // [N], the slots in use
  unsigned* members;   // [N]
  unsigned* ordered;   // [N], the members of each group in their order

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

// Slots of a table that is searched by index. At most half are in use, so that searches are short.
inline int64_t table_slots(int64_t N) {
  int64_t slots = 1;
  while (slots < 2 * N) slots *= 2;
  return slots;
}

inline int64_t image_table_slots(int64_t N, bool many_images) {
  return many_images ? table_slots(N) : 1;
}

// Number of blocks that share the images among themselves. More blocks than run at once would start
// only to find no image left.
inline unsigned image_blocks(int64_t N, bool many_images) {
  constexpr int64_t kMostBlocks = 1024;
  return many_images ? unsigned(N < kMostBlocks ? N : kMostBlocks) : 1;
}

// The finalizer of MurmurHash3: every bit of the index affects every bit of the hash.
__device__ inline unsigned hash(int64_t index) {
  uint64_t h = uint64_t(index);
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdull;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ull;
  h ^= h >> 33;
  return unsigned(h);
}

// Finds the slot of the group of item i, or takes one for it.
__device__ inline unsigned find_slot(const Groups& groups, int64_t i) {
  if (groups.is_one()) return 0;
  const unsigned mask = unsigned(groups.slots - 1);
  unsigned slot = hash(groups.index[i]) & mask;
  for (;; slot = (slot + 1) & mask) {
    const unsigned owner = atomicCAS(&groups.owners[slot], 0u, unsigned(i) + 1);
    if (owner == 0 || groups.index[owner - 1] == groups.index[i]) return slot;
  }
}

// Makes item i a member of the group of a slot, or of no group for kNoSlot. All threads of a block
// have to call it; those beyond the last item with kNoSlot.
__device__ inline void join(const Groups& groups, int64_t i, unsigned slot) {
  if (i < groups.N) groups.slot_of[i] = slot;
  if (groups.is_one()) {  // all threads would add to one address
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

// One warp per item. precedes(a, b) is a strict order of the items of a group.
template <typename Precedes>
__global__ void __launch_bounds__(kGroupThreads) rank_kernel(Groups groups, Precedes precedes) {
  const int64_t thread = int64_t(blockIdx.x) * kGroupThreads + threadIdx.x;
  const unsigned i = unsigned(thread / kWarpSize), lane = unsigned(thread % kWarpSize);
  if (i >= groups.N || groups.slot_of[i] == kNoSlot) return;
  Range group = groups.range_of_slot(groups.slot_of[i]);
  if (groups.is_one()) group.size = unsigned(groups.N);  // items without a slot precede no other
  unsigned before = 0;
  for (unsigned m = lane; m < group.size; m += kWarpSize) {
    before += precedes(groups.is_one() ? m : groups.members[group.first + m], i);
  }
  before = warp_sum(before);
  if (lane == 0) groups.ordered[group.first + before] = i;
}

// Comes before the launch in which items join.
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

// From the highest score to the lowest; of equal scores the lower index first. Items with NaN are
// not members of a group.
struct ByScore {
  const double* scores;  // [N]

  RMPE_HD bool operator()(unsigned a, unsigned b) const {
    return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
  }
};

}  // namespace rmpe::cuda
