#pragma once

#include "cpu/box_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

// Boxes and what orders them, as the kernels read them.
struct BoxTensors {
  Tensor boxes, scores;
  int64_t N;

  BoxTensors(const Tensor& given_boxes, const Tensor& given_scores) {
    check_dim("boxes", given_boxes, 2);
    check_floating("boxes", given_boxes);
    N = given_boxes.size(0);
    check(given_boxes.size(1) == 4, "boxes must be (N, 4)");
    check(given_scores.dim() == 1 && given_scores.size(0) == N &&
              given_scores.scalar_type() == given_boxes.scalar_type(),
          "scores must be (N,), in the dtype of boxes");
    boxes = dense(given_boxes);
    scores = dense(given_scores);
  }
};

inline std::tuple<Tensor, Tensor> box_nms(Tensor boxes, Tensor scores, double threshold,
                                          std::optional<Tensor> image_index) {
  const BoxTensors scored(boxes, scores);
  const cpu::Groups images = group_images(image_index, scored.N);
  return dispatch_floating(boxes, [&](auto zero) {
    using T = decltype(zero);
    return suppress(images, scored.N,
                    [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                      cpu::box_nms(data<T>(scored.boxes), data<T>(scored.scores), threshold, images,
                                   begin, end, keep, suppressor);
                    });
  });
}

}  // namespace rmpe::ops
