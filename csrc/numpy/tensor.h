// numpy's arrays, with those members of PyTorch's tensors that the ops use.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <stdexcept>

#include "numpy/num_threads.h"

namespace rmpe {

using ArgumentError = std::invalid_argument;  // ValueError

enum class ScalarType { Bool, Byte, Long, Half, BFloat16, Float, Double };

inline int64_t item_size(ScalarType dtype) {
  switch (dtype) {
    case ScalarType::Bool:
    case ScalarType::Byte:
      return 1;
    case ScalarType::Half:
    case ScalarType::BFloat16:
      return 2;
    case ScalarType::Float:
      return 4;
    default:
      return 8;
  }
}

// A view of a Python array, which the caller keeps alive; or an array of its own. It holds no
// Python object, so that ops can run without the interpreter's lock.
class Tensor {
 public:
  static constexpr int64_t kMaxDim = 4;
  using Sizes = std::array<int64_t, kMaxDim>;

  Tensor() = default;

  // Uninitialized and contiguous.
  Tensor(ScalarType dtype, int64_t dim, const Sizes& sizes)
      : dtype_(dtype), dim_(dim), sizes_(sizes) {
    int64_t step = 1;
    for (int64_t d = dim - 1; d >= 0; --d) {
      strides_[d] = step;
      step *= sizes[d];
    }
    constexpr std::align_val_t kCacheLine{64};
    owned_.reset(::operator new(step * item_size(dtype), kCacheLine),
                 [](void* memory) { ::operator delete(memory, kCacheLine); });
    data_ = owned_.get();
  }

  // Strides in items.
  Tensor(ScalarType dtype, int64_t dim, const Sizes& sizes, const Sizes& strides, const void* data)
      : dtype_(dtype), dim_(dim), sizes_(sizes), strides_(strides), data_(data) {}

  ScalarType scalar_type() const { return dtype_; }
  int64_t dim() const { return dim_; }
  int64_t size(int64_t d) const { return sizes_[d]; }
  int64_t stride(int64_t d) const { return strides_[d]; }
  const Sizes& sizes() const { return sizes_; }
  const void* const_data_ptr() const { return data_; }
  void* mutable_data_ptr() { return owned_.get(); }
  const std::shared_ptr<void>& owned() const { return owned_; }

  int64_t numel() const {
    int64_t count = 1;
    for (int64_t d = 0; d < dim_; ++d) count *= sizes_[d];
    return count;
  }

  bool is_contiguous() const {
    if (numel() == 0) return true;
    int64_t expected = 1;
    for (int64_t d = dim_ - 1; d >= 0; --d) {
      if (sizes_[d] != 1 && strides_[d] != expected) return false;
      expected *= sizes_[d];
    }
    return true;
  }

 private:
  ScalarType dtype_ = ScalarType::Float;
  int64_t dim_ = 0;
  Sizes sizes_{}, strides_{};
  const void* data_ = nullptr;
  std::shared_ptr<void> owned_;
};

inline Tensor empty(std::initializer_list<int64_t> sizes, ScalarType dtype) {
  Tensor::Sizes all{};
  std::copy(sizes.begin(), sizes.end(), all.begin());
  return Tensor(dtype, int64_t(sizes.size()), all);
}

// Copies items of kSize bytes, which may lie anywhere, side by side; returns the end of the copy.
template <int64_t kSize>
char* gather(const char* from, int64_t dim, const int64_t* sizes, const int64_t* byte_strides,
             char* to) {
  if (dim == 0) {
    std::memcpy(to, from, kSize);
    return to + kSize;
  }
  for (int64_t i = 0; i < sizes[0]; ++i) {
    to = gather<kSize>(from + i * byte_strides[0], dim - 1, sizes + 1, byte_strides + 1, to);
  }
  return to;
}

inline Tensor gathered(ScalarType dtype, int64_t dim, const Tensor::Sizes& sizes,
                       const Tensor::Sizes& byte_strides, const void* data) {
  Tensor copy(dtype, dim, sizes);
  const auto* from = static_cast<const char*>(data);
  auto* to = static_cast<char*>(copy.mutable_data_ptr());
  switch (item_size(dtype)) {
    case 1:
      gather<1>(from, dim, sizes.data(), byte_strides.data(), to);
      break;
    case 2:
      gather<2>(from, dim, sizes.data(), byte_strides.data(), to);
      break;
    case 4:
      gather<4>(from, dim, sizes.data(), byte_strides.data(), to);
      break;
    default:
      gather<8>(from, dim, sizes.data(), byte_strides.data(), to);
  }
  return copy;
}

inline Tensor contiguous(const Tensor& tensor) {
  if (tensor.is_contiguous()) return tensor;
  Tensor::Sizes byte_strides{};
  for (int64_t d = 0; d < tensor.dim(); ++d) {
    byte_strides[d] = tensor.stride(d) * item_size(tensor.scalar_type());
  }
  return gathered(tensor.scalar_type(), tensor.dim(), tensor.sizes(), byte_strides,
                  tensor.const_data_ptr());
}

}  // namespace rmpe
