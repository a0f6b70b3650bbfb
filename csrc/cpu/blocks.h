// Storage of reference items, for comparisons of one item with many.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rmpe::cpu {

// A block has kLanes items, and an item is compared with a whole block at once. 64 bytes are one
// vector of AVX-512 or two of AVX2.
template <typename T>
constexpr int64_t kLanes = 64 / sizeof(T);

// Blocks of [values][kLanes]: value 0 of all items, value 1 of all items, ...
template <typename T>
class Blocks {
 public:
  explicit Blocks(int64_t values_per_item) : stride_(values_per_item * kLanes<T>) {}

  void clear() { size_ = 0; }
  int64_t count() const { return (size_ + kLanes<T> - 1) / kLanes<T>; }
  int64_t items(int64_t b) const { return std::min(kLanes<T>, size_ - b * kLanes<T>); }
  const T* operator[](int64_t b) const { return data_.data() + b * stride_; }

  // Adds an item. Returns its first value; the others follow at steps of kLanes.
  T* add() {
    const int64_t b = size_ / kLanes<T>;
    const size_t needed = (b + 1) * stride_;
    if (data_.size() < needed) data_.resize(std::max(needed, 2 * data_.size()));
    return data_.data() + b * stride_ + size_++ % kLanes<T>;
  }

 private:
  int64_t stride_;
  int64_t size_ = 0;
  std::vector<T> data_;
};

}  // namespace rmpe::cpu
