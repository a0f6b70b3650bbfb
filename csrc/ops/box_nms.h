#pragma once

#include <optional>
#include <tuple>

#include "cpu/box_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

template <typename T>
void run_box_nms(const Cpu&, const T* boxes, const T* scores, double threshold,
                 const cpu::Groups& images, int64_t N, bool* keep, int64_t* suppressor) {
  for_groups(images, N, [&](int64_t begin, int64_t end) {
    cpu::box_nms(boxes, scores, threshold, images, begin, end, keep, suppressor);
  });
}

template <typename Device>
std::tuple<Tensor, Tensor> box_nms(Tensor boxes, Tensor scores, double threshold,
                                   std::optional<Tensor> image_index) {
  const Device device(boxes);
  check_dim("boxes", boxes, 2);
  check_floating("boxes", boxes);
  const int64_t N = boxes.size(0);
  check(boxes.size(1) == 4, "boxes must be (N, 4)");
  check(scores.dim() == 1 && scores.size(0) == N && scores.scalar_type() == boxes.scalar_type(),
        "scores must be (N,), in the dtype of boxes");
  device.check_owns("scores", scores);
  boxes = as_contiguous(boxes);
  scores = as_contiguous(scores);
  const auto images = group_images(device, image_index, N);
  return suppress(device, N, [&](bool* keep, int64_t* suppressor) {
    dispatch_floating(boxes, [&](auto zero) {
      using T = decltype(zero);
      run_box_nms(device, data<T>(boxes), data<T>(scores), threshold, images, N, keep, suppressor);
    });
  });
}

}  // namespace rmpe::ops
