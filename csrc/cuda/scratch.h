// Scratch arrays of a launch, in one allocation of device memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rmpe::cuda {

// Arrays are allocated twice: first without memory, to count the bytes, and then in the memory that
// the caller has allocated.
class Scratch {
 public:
  explicit Scratch(void* memory = nullptr) : memory_(static_cast<unsigned char*>(memory)) {}

  template <typename T>
  T* allocate(int64_t count) {
    constexpr size_t kAlignment = 16;
    void* array = memory_ == nullptr ? nullptr : memory_ + bytes_;
    bytes_ += (size_t(count) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return static_cast<T*>(array);
  }

  size_t bytes() const { return bytes_; }

 private:
  unsigned char* memory_;
  size_t bytes_ = 0;
};

}  // namespace rmpe::cuda
