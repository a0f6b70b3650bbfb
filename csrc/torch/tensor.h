// Tensors of PyTorch's stable ABI.
#pragma once

#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>
#include <torch/headeronly/core/ScalarType.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>

namespace rmpe {

using ArgumentError = std::runtime_error;  // RuntimeError, which torch now makes of all others
using torch::headeronly::ScalarType;
using torch::stable::contiguous;
using torch::stable::get_num_threads;
using torch::stable::Tensor;

constexpr size_t kMaxDim = 4;  // of the tensors that ops make

// Uninitialized, contiguous, on the CPU. torch::stable::empty would look for the ATen op by its
// name, and pass it boxed arguments: a quarter of the instructions of a small call.
inline Tensor empty(std::initializer_list<int64_t> sizes, ScalarType dtype) {
  std::array<int64_t, kMaxDim> strides{};
  int64_t step = 1;
  for (size_t d = sizes.size(); d-- > 0;) {
    strides[d] = step;
    step *= std::max<int64_t>(1, sizes.begin()[d]);
  }
  const auto type = torch::stable::detail::to<int32_t>(torch::stable::detail::from(dtype));
  AtenTensorHandle tensor = nullptr;
  TORCH_ERROR_CODE_CHECK(aoti_torch_empty_strided(int64_t(sizes.size()), sizes.begin(),
                                                  strides.data(), type,
                                                  aoti_torch_device_type_cpu(), 0, &tensor));
  return Tensor(tensor);
}

}  // namespace rmpe
