#pragma once

#include "cpu/pose_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

inline std::tuple<Tensor, Tensor> pose_nms(Tensor keypoints, Tensor scores, Tensor boxes,
                                           std::optional<Tensor> pose_scores,
                                           std::optional<Tensor> image_index, double sigma1,
                                           double sigma2, double lam, double eta, bool squared,
                                           bool box_unit, double match_box, double match_radius,
                                           int64_t near_joints, double near_radius,
                                           double near_box) {
  const PoseNMSParameters parameters{sigma1,      sigma2,      lam,       eta,
                                     squared,     box_unit,    match_box, match_radius,
                                     near_joints, near_radius, near_box};
  const PoseTensors poses(keypoints, scores, pose_scores);
  const Tensor dense_boxes = dense_like(keypoints, "boxes", boxes, {poses.N, 4});
  const cpu::Groups images = group_images(image_index, poses.N);
  return dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    return suppress(images, poses.N,
                    [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                      cpu::pose_nms(poses.list<T>(), data<T>(dense_boxes), parameters, images,
                                    begin, end, keep, suppressor);
                    });
  });
}

}  // namespace rmpe::ops
