// What the bindings of CUDA kernels share. Nothing here waits for the device.
#pragma once

#include <cuda_runtime_api.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/csrc/stable/accelerator.h>

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "cuda/floats.h"
#include "ops/common.h"

namespace rmpe::ops {

// Makes the device of a tensor the current one while it lives.
class OnDeviceOf {
 public:
  explicit OnDeviceOf(const Tensor& tensor) : index_(tensor.get_device_index()), guard_(index_) {}

  // The one that PyTorch uses here and now.
  cudaStream_t stream() const {
    void* stream = nullptr;
    TORCH_ERROR_CODE_CHECK(aoti_torch_get_current_cuda_stream(index_, &stream));
    return static_cast<cudaStream_t>(stream);
  }

 private:
  int32_t index_;
  torch::stable::accelerator::DeviceGuard guard_;
};

// Uninitialized, contiguous, on the device of `beside`.
inline Tensor empty_beside(const Tensor& beside, std::initializer_list<int64_t> sizes,
                           ScalarType dtype) {
  return torch::stable::new_empty(
      beside, torch::headeronly::IntHeaderOnlyArrayRef(sizes.begin(), sizes.size()), dtype);
}

// Kernels read what they are given where they run: an address of another device would fault there.
inline void check_beside(const char* name, const Tensor& tensor, const Tensor& beside) {
  check(tensor.is_cuda() && tensor.get_device_index() == beside.get_device_index(), name,
        " must be on the same CUDA device as the other arguments");
}
inline void check_beside(const char* name, const std::optional<Tensor>& tensor,
                         const Tensor& beside) {
  if (tensor.has_value()) check_beside(name, *tensor, beside);
}

// A dense float32 or float64 tensor as kernels read it, or none; it must outlive what is returned.
inline cuda::Floats floats_of(const std::optional<Tensor>& dense_tensor) {
  if (!dense_tensor.has_value()) return {};
  return {dense_tensor->const_data_ptr(), dense_tensor->scalar_type() == ScalarType::Double};
}

// matrices or theta [N, 2, 3], dense, where there is any.
inline std::optional<Tensor> dense_affines(const char* name, const std::optional<Tensor>& affines,
                                           int64_t N, const Tensor& beside) {
  if (!affines.has_value()) return std::nullopt;
  check_matrices(name, *affines, N);
  check_beside(name, *affines, beside);
  return dense(*affines);
}

}  // namespace rmpe::ops
