// How the threads of a block read a map, each value once: in vectors of 16 bytes if its address and
// size allow, with several loads of each thread in flight.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "core/decode.h"
#include "core/half.h"
#include "cuda/device.h"
#include "cuda/warp.h"

namespace rmpe::cuda {

constexpr int kMaxThreads = 256, kMaxWarps = kMaxThreads / kWarpSize;
// Blocks of kMaxThreads on one multiprocessor. This leaves a thread 64 registers, or 80 for double,
// whose values take two.
template <typename T>
constexpr int kBlocksPerProcessor = sizeof(T) == sizeof(double) ? 3 : 4;

// Adjacent values that are loaded at once.
template <typename Stored>
struct Vector {
  static constexpr int kSize = sizeof(uint4) / sizeof(Stored);
  uint4 bits;  // packed, because 16-bit values take a register each once they are split

  __device__ Stored operator[](int i) const {
    Stored values[kSize];
    memcpy(values, &bits, sizeof bits);
    return values[i];
  }
};

template <typename Stored>
__device__ Vector<Stored> load_vector(const Stored* aligned) {
  return {__ldg(reinterpret_cast<const uint4*>(aligned))};
}

template <typename Stored>
__device__ void store_vector(const Stored (&values)[Vector<Stored>::kSize], Stored* aligned) {
  uint4 bits;
  memcpy(&bits, values, sizeof bits);
  *reinterpret_cast<uint4*>(aligned) = bits;
}

template <typename Stored>
__device__ bool is_aligned(const Stored* values) {
  return reinterpret_cast<uintptr_t>(values) % sizeof(uint4) == 0;
}

// The place of a value in its map.
struct Place {
  int index, x, y;

  __device__ Place(int index, int width) : index(index), x(index % width), y(index / width) {}

  // A distance is a place too: that of the value so far from the first.
  __device__ void advance(const Place& distance, int width) {
    index += distance.index;
    x += distance.x;
    y += distance.y;
    if (x >= width) {
      x -= width;
      ++y;
    }
  }
};

// A stored map.
template <typename Stored, int kPieces = 8>
struct PlainMap {
  using Value = ComputeType<Stored>;
  using Piece = Vector<Stored>;  // kSize values
  static constexpr int kSize = Piece::kSize;
  static constexpr int kInFlight = kPieces;  // loads of each thread

  const Stored* values;  // [size]
  int size, width;
  bool has_pieces;  // whether the map can be read in pieces

  __device__ PlainMap(const Stored* values, int size, int width)
      : values(values),
        size(size),
        width(width),
        has_pieces(is_aligned(values) && size % kSize == 0) {}

  // Whether no piece crosses the end of a row.
  __device__ bool has_pieces_of_rows() const { return has_pieces && width % kSize == 0; }

  __device__ Value at(int x, int y) const { return widen(values[y * width + x]); }
  __device__ Value at(const Place& place) const { return widen(values[place.index]); }
  __device__ Piece load(const Place& place) const { return load_vector(values + place.index); }
  __device__ Value value(const Piece& piece, int i) const { return widen(piece[i]); }
};

// The order in which the second map of an average is read.
enum class Order {
  kSame,
  kMirrored,
  kMirroredShifted,  // flipped back and shifted one pixel right
};

// The average of two maps.
template <typename Stored>
struct AveragedMap {
  using Value = ComputeType<Stored>;
  struct Piece {
    Vector<Stored> here, other;
    Stored first;  // with a shift, what is averaged with the first value, which `other` lacks
  };
  static constexpr int kSize = Vector<Stored>::kSize;
  static constexpr int kInFlight = 4;

  const Stored *values, *others;  // [size]
  int size, width;
  Order order;
  bool has_pieces;

  __device__ AveragedMap(const Stored* values, const Stored* others, int size, int width,
                         Order order)
      : values(values),
        others(others),
        size(size),
        width(width),
        order(order),
        has_pieces(is_aligned(values) && is_aligned(others) && size % kSize == 0 &&
                   (order == Order::kSame || width % kSize == 0)) {}

  __device__ int other_column(int x) const {
    return order == Order::kSame ? x
                                 : int(mirrored_column(x, width, order == Order::kMirroredShifted));
  }

  __device__ static Value average(Stored here, Stored other) {
    return Value(0.5) * (widen(here) + widen(other));
  }

  __device__ Value at(int x, int y) const {
    const int row = y * width;
    return average(values[row + x], others[row + other_column(x)]);
  }
  __device__ Value at(const Place& place) const { return at(place.x, place.y); }

  // A mirrored vector is loaded in its own order; value() reverses it.
  __device__ Piece load(const Place& place) const {
    const int row = place.index - place.x;
    const int start = order == Order::kSame ? place.index : row + width - kSize - place.x;
    Piece piece{load_vector(values + place.index), load_vector(others + start), {}};
    if (order == Order::kMirroredShifted) piece.first = others[row + other_column(place.x)];
    return piece;
  }
  __device__ Value value(const Piece& piece, int i) const {
    Stored other = piece.other[i];
    if (order == Order::kMirrored) other = piece.other[kSize - 1 - i];
    if (order == Order::kMirroredShifted) other = i > 0 ? piece.other[kSize - i] : piece.first;
    return average(piece.here[i], other);
  }
};

// Calls visit(piece, place) for the pieces of a map that one of several threads reads, in order. It
// issues kInFlight loads before it needs the first.
template <typename Map, typename Visit>
__device__ void for_each_piece(const Map& map, int thread, int threads, Visit&& visit) {
  const Place step(threads * Map::kSize, map.width);
  Place place(thread * Map::kSize, map.width);
  while (place.index < map.size) {
    typename Map::Piece pieces[Map::kInFlight];
    Place ahead = place;
#pragma unroll
    for (int p = 0; p < Map::kInFlight; ++p) {
      if (ahead.index < map.size) pieces[p] = map.load(ahead);
      ahead.advance(step, map.width);
    }
#pragma unroll
    for (int p = 0; p < Map::kInFlight; ++p) {
      if (place.index < map.size) visit(pieces[p], place);
      place.advance(step, map.width);
    }
  }
}

// Calls visit(value, place) for the values of a map without pieces that one of several threads
// reads, in order.
template <typename Map, typename Visit>
__device__ void for_each_value(const Map& map, int thread, int threads, Visit&& visit) {
  const Place step(threads, map.width);
  Place place(thread, map.width);
#pragma unroll 4
  while (place.index < map.size) {
    visit(map.at(place), place);
    place.advance(step, map.width);
  }
}

// Number of threads of a block that reads one map: as many as can have all of it in flight, up to
// kMaxThreads.
template <typename Map>
unsigned threads_for(int64_t size) {
  const int64_t per_warp = kWarpSize * Map::kSize * Map::kInFlight;
  const int64_t warps = (size + per_warp - 1) / per_warp;
  return unsigned(kWarpSize * (warps < kMaxWarps ? warps : kMaxWarps));
}

// The number of values of a map as int, which the kernels use.
inline int map_size(const char* what, int64_t height, int64_t width) {
  constexpr int64_t kLargest = 1 << 30;
  if (height * width > kLargest) {
    throw std::runtime_error(std::string(what) +
                             " must have at most 2^30 values each on CUDA, got " +
                             std::to_string(height) + " x " + std::to_string(width));
  }
  return int(height * width);
}

}  // namespace rmpe::cuda
