#pragma once

#include "cpu/oks_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

inline std::tuple<Tensor, Tensor> oks_nms(Tensor keypoints, Tensor scores, Tensor areas,
                                          Tensor sigmas, std::optional<Tensor> pose_scores,
                                          std::optional<Tensor> image_index, double threshold) {
  const PoseTensors poses(keypoints, scores, pose_scores);
  const Tensor dense_areas = dense_like(keypoints, "areas", areas, {poses.N});
  const Tensor dense_sigmas = dense_like(keypoints, "sigmas", sigmas, {poses.K});
  const cpu::Groups images = group_images(image_index, poses.N);
  return dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    return suppress(images, poses.N,
                    [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                      cpu::oks_nms(poses.list<T>(), data<T>(dense_areas), data<T>(dense_sigmas),
                                   threshold, images, begin, end, keep, suppressor);
                    });
  });
}

}  // namespace rmpe::ops
