// Arrays aligned to cache lines, so that no vector crosses a line.
#pragma once

#include <cassert>
#include <cstddef>
#include <new>
#include <vector>

namespace rmpe::cpu {

template <typename T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};

  CacheLineAllocator() = default;
  template <typename U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}

  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* values, std::size_t) { ::operator delete(values, kLine); }

  template <typename U>
  bool operator==(const CacheLineAllocator<U>&) const {
    return true;
  }
  template <typename U>
  bool operator!=(const CacheLineAllocator<U>&) const {
    return false;
  }
};

template <typename T>
using AlignedVector = std::vector<T, CacheLineAllocator<T>>;

// Several arrays in memory that is allocated once: aligned allocations take long.
class AlignedArrays {
 public:
  explicit AlignedArrays(std::size_t bytes) : memory_(bytes) {}
  AlignedArrays(const AlignedArrays&) = delete;
  AlignedArrays& operator=(const AlignedArrays&) = delete;

  // The next array, of n values. They must fill whole cache lines, so that the array after them is
  // aligned.
  template <typename T>
  T* take(std::size_t n) {
    auto* values = reinterpret_cast<T*>(memory_.data() + taken_);
    taken_ += n * sizeof(T);
    assert(taken_ <= memory_.size());
    assert(n * sizeof(T) % std::size_t(CacheLineAllocator<T>::kLine) == 0);
    return values;
  }

 private:
  AlignedVector<std::byte> memory_;
  std::size_t taken_ = 0;
};

}  // namespace rmpe::cpu
