// Tensors of PyTorch's stable ABI.
#pragma once

#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>
#include <torch/headeronly/core/ScalarType.h>

#include <cstdint>
#include <initializer_list>
#include <stdexcept>

namespace rmpe {

using ArgumentError = std::runtime_error;  // RuntimeError, which torch now makes of all others
using torch::headeronly::ScalarType;
using torch::stable::contiguous;
using torch::stable::get_num_threads;
using torch::stable::Tensor;

// Uninitialized, contiguous, on the CPU.
inline Tensor empty(std::initializer_list<int64_t> sizes, ScalarType dtype) {
  return torch::stable::empty(torch::headeronly::IntHeaderOnlyArrayRef(sizes.begin(), sizes.size()),
                              dtype);
}

}  // namespace rmpe
