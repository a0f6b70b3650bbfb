// Comparison of pairs of items by a block: up to kTile references with up to kTile candidates. One
// thread compares a pair. It adds the joints in their order, so that sums equal those of the CPU to
// the last bit.
//
// The joints are in shared memory, as many at once as fit (29 of three floats), with a row per
// item. A row has an odd number of values, so that the lanes of a warp, which read one joint of
// neighboring items, read from different banks. From global memory, a warp would need 32
// transactions per value.
#pragma once

#include <cstdint>

#include "cuda/device.h"
#include "cuda/warp.h"

namespace rmpe::cuda {

constexpr int kPairThreads = 512;
constexpr int kTile = 64;
constexpr size_t kSharedBytes = 48 * 1024;

struct Pair {
  unsigned reference, candidate;  // places in their tiles
};

// Comparison, which says how one item is compared with another, is a class with
//   using Value;                          float or double
//   struct Item;                          what is computed once for an item
//   struct Sums;                          what is summed over the joints of a pair
//   static constexpr int kJointValues;    values of a joint that are read; 0: items have no joints
//   int64_t joints() const;
//   Item item(int64_t i) const;
//   void load_joint(int64_t i, int64_t n, Value* joint) const;
//   Sums start(const Item& reference, const Item& candidate) const;
//   void add(const Item& reference, const Value* reference_joint, const Value* candidate_joint,
//            int64_t n, Sums& sums) const;
// As an argument of kernels, it holds pointers and numbers only.
template <typename Comparison>
struct Tile {
  typename Comparison::Item items[kTile];
  unsigned indices[kTile];
  unsigned count;
};

// The joints of two tiles, in rows.
struct JointRows {
  int at_once;  // joints
  int stride;   // values from one row to the next

  template <typename Comparison>
  size_t bytes() const {
    return 2 * kTile * stride * sizeof(typename Comparison::Value);
  }
};

// As many joints at once as fit into shared memory beside `other_bytes`. If K are too many, they
// are loaded in parts of equal size.
template <typename Comparison>
JointRows joint_rows(int64_t K, size_t other_bytes) {
  if constexpr (Comparison::kJointValues == 0) {
    return {0, 0};
  } else {
    constexpr int64_t kRows = 2 * kTile * sizeof(typename Comparison::Value);
    const int64_t most =
        (int64_t(kSharedBytes - other_bytes) / kRows - 1) / Comparison::kJointValues;
    const int64_t pieces = (K + most - 1) / most;
    const int at_once = int((K + pieces - 1) / pieces);
    return {at_once, at_once * Comparison::kJointValues | 1};
  }
}

// A warp loads a row, so that its lanes read neighboring joints.
template <typename Comparison>
__device__ void load_joints(const Comparison& comparison, const Tile<Comparison>& tile,
                            int64_t first, int count, int stride,
                            // outputs
                            typename Comparison::Value* rows) {  // [tile.count, stride]
  const unsigned warp = threadIdx.x / kWarpSize;
  for (unsigned t = warp; t < tile.count; t += kPairThreads / kWarpSize) {
    for (int n = int(threadIdx.x % kWarpSize); n < count; n += kWarpSize) {
      comparison.load_joint(tile.indices[t], first + n,
                            rows + t * stride + n * Comparison::kJointValues);
    }
  }
}

// Calls body(pair, sums) for pairs 0 to count - 1. pair_at(p, pair) writes pair p, or returns false
// if it is not to be compared. All threads of the block have to call this, after a barrier that
// follows the writes to the tiles. Both tiles may be the same.
template <typename Comparison, typename PairAt, typename Body>
__device__ void for_each_pair(const Comparison& comparison, const Tile<Comparison>& references,
                              const Tile<Comparison>& candidates, const JointRows& rows,
                              typename Comparison::Value* joints, unsigned count,
                              const PairAt& pair_at, const Body& body) {
  constexpr int V = Comparison::kJointValues;
  auto* candidate_joints = joints;  // [kTile, stride]
  auto* reference_joints = &references == &candidates ? joints : joints + kTile * rows.stride;
  for (unsigned base = 0; base < count; base += kPairThreads) {
    Pair pair{};
    const unsigned p = base + threadIdx.x;
    const bool compared = p < count && pair_at(p, pair);
    typename Comparison::Item item{};
    typename Comparison::Sums sums{};
    if (compared) {
      item = references.items[pair.reference];
      sums = comparison.start(item, candidates.items[pair.candidate]);
    }
    if constexpr (V > 0) {
      const int64_t K = comparison.joints();
      for (int64_t first = 0; first < K; first += rows.at_once) {
        const int present = int(K - first < rows.at_once ? K - first : rows.at_once);
        if (base == 0 || rows.at_once < K) {
          __syncthreads();  // no thread needs the joints before
          load_joints(comparison, candidates, first, present, rows.stride, candidate_joints);
          if (reference_joints != candidate_joints) {
            load_joints(comparison, references, first, present, rows.stride, reference_joints);
          }
          __syncthreads();
        }
        if (!compared) continue;
        const auto* reference = reference_joints + pair.reference * rows.stride;
        const auto* candidate = candidate_joints + pair.candidate * rows.stride;
        for (int n = 0; n < present; ++n) {
          comparison.add(item, reference + n * V, candidate + n * V, first + n, sums);
        }
      }
    }
    if (compared) body(pair, sums);
  }
}

}  // namespace rmpe::cuda
