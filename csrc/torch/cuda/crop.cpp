#include "cuda/crop.h"

#include "ops/crop.h"
#include "torch/cuda/common.h"

namespace rmpe::ops {
namespace {

// Whether an index names an image is known on the device alone: a crop of none is all fill.
Tensor crop_cuda(std::vector<Tensor> images, Tensor matrices, std::optional<Tensor> image_index,
                 int64_t height, int64_t width, std::vector<double> gain, std::vector<double> bias,
                 bool swap_rb, ScalarType dtype, double fill) {
  const OnDeviceOf device(matrices);
  const int64_t N = matrices.size(0);
  for (const Tensor& image : images) check_beside("images", image, matrices);
  const ImageTensors tensors(std::move(images));
  const std::optional<Tensor> rows = dense_affines("matrices", matrices, N, matrices);
  check(height > 0 && width > 0, "size must be positive");
  const std::optional<Tensor> index = image_index_of(image_index, N, tensors.list().count);
  check_beside("image_index", index, matrices);

  const cuda::CropBatch batch{
      tensors.list(),
      index.has_value() ? static_cast<const int64_t*>(index->const_data_ptr()) : nullptr,
      floats_of(rows),
      N,
      height,
      width,
      normalization_of(gain, bias, swap_rb, fill)};
  Tensor crops = empty_beside(matrices, {N, 3, height, width}, dtype);
  dispatch_crops(dtype, [&](auto zero) {
    cuda::launch_crop(batch, device.stream(),
                      static_cast<decltype(zero)*>(crops.mutable_data_ptr()));
  });
  return crops;
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) { m.impl("crop", TORCH_BOX(&crop_cuda)); }

}  // namespace
}  // namespace rmpe::ops
