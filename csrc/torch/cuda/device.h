// CUDA, as the device of an op (ops/device.h). Nothing here waits for the GPU.
#pragma once

#include <cuda_runtime_api.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/csrc/stable/accelerator.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "cuda/floats.h"
#include "ops/common.h"

namespace rmpe::ops {

// While it lives, the GPU of a tensor is the current one.
class Cuda {
 public:
  explicit Cuda(const Tensor& tensor)
      : like_(tensor), index_(tensor.get_device_index()), guard_(index_) {}

  Tensor empty(std::initializer_list<int64_t> sizes, ScalarType dtype) const {
    return torch::stable::new_empty(
        like_, torch::headeronly::IntHeaderOnlyArrayRef(sizes.begin(), sizes.size()), dtype);
  }

  // Memory that only the kernels of one call use. It may be freed before they have run: PyTorch
  // hands it out again on the same stream, behind them.
  Tensor scratch(size_t bytes) const { return empty({int64_t(bytes)}, ScalarType::Byte); }

  // Throws unless a tensor is on this GPU: a kernel would fault on an address of elsewhere.
  void check_owns(const char* name, const Tensor& tensor) const {
    check(tensor.is_cuda() && tensor.get_device_index() == index_, name,
          " must be on the same CUDA device as the other arguments");
  }
  void check_owns(const char* name, const std::optional<Tensor>& tensor) const {
    if (tensor.has_value()) check_owns(name, *tensor);
  }

  // The stream that PyTorch uses here and now.
  cudaStream_t stream() const {
    void* stream = nullptr;
    RMPE_TORCH_CHECK(aoti_torch_get_current_cuda_stream(index_, &stream));
    return static_cast<cudaStream_t>(stream);
  }

 private:
  Tensor like_;
  int32_t index_;
  torch::stable::accelerator::DeviceGuard guard_;
};

// A contiguous float32 or float64 tensor as kernels read it, or none. The tensor must outlive it.
inline cuda::Floats as_floats(const std::optional<Tensor>& tensor) {
  if (!tensor.has_value()) return {};
  return {tensor->const_data_ptr(), tensor->scalar_type() == ScalarType::Double};
}

}  // namespace rmpe::ops
