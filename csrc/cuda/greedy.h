// Greedy suppression on CUDA, for any comparison. The result equals that of csrc/cpu/greedy.h.
//
// A block works on one image, from the best item to the worst, in tiles of kTile items. First the
// items of a tile are compared with the items kept before, and those that are eliminated leave.
// Then the survivors are compared with each other, every earlier one with every later one, and one
// thread goes through the results. An image of 64 poses is one tile: 2016 pairs, four per thread.
// There is no matrix of all pairs, so that the number of items has no limit; but one large image
// occupies one multiprocessor only.
//
// Launches: one clears, one ranks, one orders, one suppresses; with an image index, two more group.
// Items are read twice: for their order, and into shared memory.
#pragma once

#include <cmath>
#include <cstdint>

#include "cuda/device.h"
#include "cuda/groups.h"
#include "cuda/pairs.h"
#include "cuda/scratch.h"

namespace rmpe::cuda {

using Bits = unsigned long long;  // a bit for each item of a tile; a type that atomics take
static_assert(sizeof(Bits) * 8 == kTile, "");

constexpr int kRankThreads = 128;

// Comparison is a class as for for_each_pair (pairs.h), which also has
//   void flag_not_finite(int64_t first, int64_t count, unsigned* flags) const;
//   double confidence(int64_t i) const;   orders the items; NaN: item i cannot be compared
//   bool eliminates(const Item& reference, const Item& candidate, const Sums& sums) const;
template <typename Comparison>
struct GreedyScratch {
  Groups images;
  double* confidence;                // [N]
  typename Comparison::Item* items;  // [N]
  unsigned* kept;                    // [N], the kept items of each image, in order

  GreedyScratch(const int64_t* image_index, int64_t N, int64_t slots, Scratch& scratch)
      : images(image_index, N, slots, scratch),
        confidence(scratch.allocate<double>(N)),
        items(scratch.allocate<typename Comparison::Item>(N)),
        kept(scratch.allocate<unsigned>(N)) {}
};

// Items that cannot be compared are kept.
template <typename Comparison>
__global__ void __launch_bounds__(kRankThreads)
    confidence_kernel(Comparison comparison, GreedyScratch<Comparison> scratch,
                      // outputs
                      bool* __restrict__ keep,             // [N]
                      int64_t* __restrict__ suppressor) {  // [N]
  unsigned* flags = shared_memory<unsigned>();             // [kRankThreads]
  const int64_t N = scratch.images.N;
  const int64_t first = int64_t(blockIdx.x) * kRankThreads, i = first + threadIdx.x;
  flags[threadIdx.x] = 0;
  __syncthreads();
  comparison.flag_not_finite(first, N - first < kRankThreads ? N - first : kRankThreads, flags);
  __syncthreads();

  unsigned slot = kNoSlot;
  if (i < N) {
    const double confidence = flags[threadIdx.x] ? double(NAN) : comparison.confidence(i);
    scratch.confidence[i] = confidence;
    if (std::isnan(confidence)) {
      keep[i] = true;
      suppressor[i] = i;
    } else {
      scratch.items[i] = comparison.item(i);
      slot = find_slot(scratch.images, i);
    }
  }
  join(scratch.images, i, slot);
}

// The shared memory of a block; the joints follow it.
template <typename Comparison>
struct GreedyShared {
  Bits eliminators[kTile];  // of each candidate, among the references
  Bits bits;
  Tile<Comparison> candidates, references;
};

__device__ inline Bits bit(unsigned place) { return Bits(1) << place; }
__device__ inline Bits bits_below(unsigned place) { return bit(place) - 1; }  // place < kTile
__device__ inline Bits first_bits(unsigned count) { return ~Bits(0) >> (kTile - count); }  // > 0
__device__ inline unsigned lowest(Bits bits) { return unsigned(__ffsll((long long)bits) - 1); }
__device__ inline unsigned count_of(Bits bits) { return unsigned(__popcll(bits)); }

template <typename Comparison>
__device__ void fill(const typename Comparison::Item* items,  // [N]
                     const unsigned* indices, unsigned count,
                     // outputs
                     Tile<Comparison>& tile) {
  const unsigned t = threadIdx.x;
  if (t == 0) tile.count = count;
  if (t < count) {
    tile.indices[t] = indices[t];
    tile.items[t] = items[indices[t]];
  }
}

// The pairs of one tile in the order (0, 1), (0, 2), (1, 2), (0, 3), ... The 2016 pairs of a full
// tile are 63 warps. All pairs of a square would be twice as many, half of them idle.
__device__ inline Pair pair_in_triangle(unsigned p) {
  // Exact, because 8 p + 1 < 2^24, and it is a square for the first pair of each c.
  const unsigned c = unsigned((1.0f + std::sqrt(float(8 * p + 1))) * 0.5f);
  return {p - c * (c - 1) / 2, c};
}

template <typename Comparison>
__global__ void __launch_bounds__(kPairThreads, 1)
    greedy_nms_kernel(Comparison comparison, GreedyScratch<Comparison> scratch, JointRows rows,
                      // outputs
                      bool* __restrict__ keep,             // [N]
                      int64_t* __restrict__ suppressor) {  // [N]
  auto& shared = *shared_memory<GreedyShared<Comparison>>();
  auto* joints = reinterpret_cast<typename Comparison::Value*>(&shared + 1);
  Tile<Comparison>&candidates = shared.candidates, &references = shared.references;
  const Groups& images = scratch.images;
  const unsigned t = threadIdx.x, image_count = images.group_count();

  const auto eliminate = [&](const Pair& pair, const typename Comparison::Sums& sums,
                             const Tile<Comparison>& from) {
    if (comparison.eliminates(from.items[pair.reference], candidates.items[pair.candidate], sums)) {
      atomicOr(&shared.eliminators[pair.candidate], bit(pair.reference));
    }
  };
  const auto remove = [&](unsigned item, unsigned by) {
    keep[item] = false;
    suppressor[item] = by;
  };

  for (unsigned image = blockIdx.x; image < image_count; image += gridDim.x) {
    const Range range = images.range(image);
    const unsigned* ordered = images.ordered + range.first;
    unsigned* kept = scratch.kept + range.first;
    unsigned kept_count = 0;
    for (unsigned first = 0; first < range.size; first += kTile) {
      const unsigned count = range.size - first < kTile ? range.size - first : kTile;
      __syncthreads();  // no thread needs the tile before
      fill(scratch.items, ordered + first, count, candidates);
      if (t < kTile) shared.eliminators[t] = 0;
      if (t == 0) shared.bits = first_bits(count);
      Bits survivors = first_bits(count);

      for (unsigned k = 0; k < kept_count && survivors != 0; k += kTile) {
        const unsigned present = kept_count - k < kTile ? kept_count - k : kTile;
        fill(scratch.items, kept + k, present, references);
        __syncthreads();
        // All lanes of a warp have the same candidate, and are idle if it is eliminated.
        for_each_pair(
            comparison, references, candidates, rows, joints, count * kTile,
            [&](unsigned p, Pair& pair) {
              pair = {p % kTile, p / kTile};
              return pair.reference < present && (survivors & bit(pair.candidate)) != 0;
            },
            [&](const Pair& pair, const auto& sums) { eliminate(pair, sums, references); });
        __syncthreads();
        if (t < count && (survivors & bit(t)) != 0 && shared.eliminators[t] != 0) {
          remove(candidates.indices[t], references.indices[lowest(shared.eliminators[t])]);
          atomicAnd(&shared.bits, ~bit(t));
        }
        __syncthreads();
        survivors = shared.bits;
      }

      // The survivors are moved together, in their order.
      const unsigned left = count_of(survivors);
      if (left < count) {
        const bool survives = t < count && (survivors & bit(t)) != 0;
        const unsigned index = survives ? candidates.indices[t] : 0;
        typename Comparison::Item item;
        if (survives) item = candidates.items[t];
        __syncthreads();
        if (survives) {
          const unsigned place = count_of(survivors & bits_below(t));
          candidates.indices[place] = index;
          candidates.items[place] = item;
        }
        if (t < kTile) shared.eliminators[t] = 0;
        if (t == 0) candidates.count = left;
      }
      __syncthreads();
      for_each_pair(
          comparison, candidates, candidates, rows, joints, left * (left - (left > 0)) / 2,
          [](unsigned p, Pair& pair) {
            pair = pair_in_triangle(p);
            return true;
          },
          [&](const Pair& pair, const auto& sums) { eliminate(pair, sums, candidates); });
      __syncthreads();
      if (t == 0) {
        Bits kept_bits = 0;
        for (unsigned c = 0; c < left; ++c) {
          if ((shared.eliminators[c] & kept_bits) == 0) kept_bits |= bit(c);
        }
        shared.bits = kept_bits;
      }
      __syncthreads();
      const Bits kept_bits = shared.bits;
      if (t < left) {
        const unsigned item = candidates.indices[t];
        if ((kept_bits & bit(t)) != 0) {
          keep[item] = true;
          suppressor[item] = item;
          kept[kept_count + count_of(kept_bits & bits_below(t))] = item;
        } else {
          remove(item, candidates.indices[lowest(shared.eliminators[t] & kept_bits)]);
        }
      }
      kept_count += count_of(kept_bits);
    }
  }
}

template <typename Comparison>
size_t greedy_scratch_bytes(int64_t N, bool many_images) {
  Scratch scratch;
  GreedyScratch<Comparison>(nullptr, N, image_table_slots(N, many_images), scratch);
  return scratch.bytes();
}

// image_index: [N], any values; null: one image. what: the name of the items in errors.
template <typename Comparison>
void launch_greedy_nms(const char* what, const Comparison& comparison, const int64_t* image_index,
                       int64_t N, void* scratch_memory, cudaStream_t stream,
                       // outputs
                       bool* keep,             // [N]
                       int64_t* suppressor) {  // [N]
  if (N == 0) return;
  Scratch memory(scratch_memory);
  const bool many_images = image_index != nullptr;
  const GreedyScratch<Comparison> scratch(image_index, N, image_table_slots(N, many_images),
                                          memory);
  clear(scratch.images, stream);
  launch(confidence_kernel<Comparison>, dim3(grid_size(what, N, kRankThreads)), dim3(kRankThreads),
         kRankThreads * sizeof(unsigned), stream, comparison, scratch, keep, suppressor);
  launch_order_groups(what, scratch.images, ByScore{scratch.confidence}, stream);
  const JointRows rows =
      joint_rows<Comparison>(comparison.joints(), sizeof(GreedyShared<Comparison>));
  launch(greedy_nms_kernel<Comparison>, dim3(image_blocks(N, many_images)), dim3(kPairThreads),
         sizeof(GreedyShared<Comparison>) + rows.bytes<Comparison>(), stream, comparison, scratch,
         rows, keep, suppressor);
}

}  // namespace rmpe::cuda
