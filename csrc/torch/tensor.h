// Tensors of PyTorch's stable ABI.
#pragma once

#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>
#include <torch/headeronly/core/ScalarType.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>

// Throws where a function of PyTorch failed, with PyTorch's own message where its headers can.
#ifdef STABLE_TORCH_ERROR_CODE_CHECK
#define RMPE_TORCH_CHECK STABLE_TORCH_ERROR_CODE_CHECK
#else
#define RMPE_TORCH_CHECK TORCH_ERROR_CODE_CHECK
#endif

namespace rmpe {

using ArgumentError = std::runtime_error;  // RuntimeError, which torch now makes of all others
using torch::headeronly::ScalarType;
using torch::stable::contiguous;
using torch::stable::get_num_threads;
using torch::stable::Tensor;

// Uninitialized, contiguous, on the CPU. torch::stable::empty would look for the ATen op by its
// name, and pass it boxed arguments: that took a quarter of the instructions of a small call.
inline Tensor empty(std::initializer_list<int64_t> sizes, ScalarType dtype) {
  constexpr size_t kMaxDim = 4;
  assert(sizes.size() <= kMaxDim);
  std::array<int64_t, kMaxDim> strides{};
  uint64_t step = 1;  // PyTorch refuses sizes with which it overflows
  for (size_t d = sizes.size(); d-- > 0;) {
    strides[d] = int64_t(step);
    step *= uint64_t(std::max<int64_t>(1, sizes.begin()[d]));
  }
  const auto type = torch::stable::detail::to<int32_t>(torch::stable::detail::from(dtype));
  AtenTensorHandle tensor = nullptr;
  RMPE_TORCH_CHECK(aoti_torch_empty_strided(int64_t(sizes.size()), sizes.begin(), strides.data(),
                                            type, aoti_torch_device_type_cpu(), 0, &tensor));
  return Tensor(tensor);
}

}  // namespace rmpe
