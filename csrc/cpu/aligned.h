// Arrays aligned to cache lines, so that no vector crosses a line.
#pragma once

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

// Several arrays in memory that is allocated once: glibc takes 70 ns for each aligned allocation.
class AlignedArrays {
 public:
  explicit AlignedArrays(std::size_t bytes) : memory_(bytes), next_(memory_.data()) {}
  AlignedArrays(const AlignedArrays&) = delete;

  // The next array; its size in bytes is a multiple of 64.
  template <typename T>
  T* take(std::size_t n) {
    auto* values = reinterpret_cast<T*>(next_);
    next_ += n * sizeof(T);
    return values;
  }

 private:
  AlignedVector<std::byte> memory_;
  std::byte* next_;
};

}  // namespace rmpe::cpu
