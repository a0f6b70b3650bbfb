// Where an op runs. Every op is written once, as a template over its device: Cpu, or Cuda of
// torch/cuda/device.h. A device is made from the tensor that decides where the op runs.
//
// What differs between devices are the functions that take one: `image_maps`, `group_images` and
// the like, which prepare arguments, and the op's own run_*, which computes. Those for Cpu are in
// this folder, those for Cuda in torch/cuda.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "ops/tensor.h"

namespace rmpe::ops {

class Cpu {
 public:
  explicit Cpu(const Tensor&) {}

  // Uninitialized, contiguous.
  Tensor empty(std::initializer_list<int64_t> sizes, ScalarType dtype) const {
    return rmpe::empty(sizes, dtype);
  }

  // Throws unless a tensor is on this device. Calls with tensors of the CPU alone come here.
  void check_owns(const char*, const Tensor&) const {}
  void check_owns(const char*, const std::optional<Tensor>&) const {}
};

}  // namespace rmpe::ops
