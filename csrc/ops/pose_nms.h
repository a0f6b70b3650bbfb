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
  const PoseNMSParameters parameters{sigma1,      sigma2,      lam,
                                     eta,         squared,     box_unit,
                                     match_box,   match_radius, near_joints,
                                     near_radius, near_box};
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

inline Tensor pose_similarity(Tensor keypoints, Tensor scores, Tensor boxes, double sigma1,
                              double sigma2, double lam, bool squared, bool box_unit,
                              double match_box, double match_radius) {
  PoseNMSParameters parameters{};
  parameters.sigma1 = sigma1;
  parameters.sigma2 = sigma2;
  parameters.lam = lam;
  parameters.squared = squared;
  parameters.box_unit = box_unit;
  parameters.match_box = match_box;
  parameters.match_radius = match_radius;
  const PoseTensors poses(keypoints, scores);
  const Tensor dense_boxes = dense_like(keypoints, "boxes", boxes, {poses.N, 4});
  Tensor similarity = empty({poses.N, poses.N}, keypoints.scalar_type());
  constexpr int64_t kJointPairsWorthAThread = 1 << 16;
  const int64_t grain = std::max<int64_t>(
      1, kJointPairsWorthAThread / std::max<int64_t>(1, poses.N * poses.K));
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    T* out = mutable_data<T>(similarity);
    parallel_for(0, poses.N, grain, [&](int64_t begin, int64_t end) {
      cpu::pose_similarity(poses.list<T>(), data<T>(dense_boxes), poses.N, parameters, begin, end,
                           out);
    });
  });
  return similarity;
}

inline std::tuple<Tensor, Tensor> box_nms(Tensor boxes, Tensor scores, double threshold,
                                          std::optional<Tensor> image_index) {
  check_dim("boxes", boxes, 2);
  check_floating("boxes", boxes);
  const int64_t N = boxes.size(0);
  check(boxes.size(1) == 4, "boxes must be (N, 4)");
  check(scores.dim() == 1 && scores.size(0) == N && scores.scalar_type() == boxes.scalar_type(),
        "scores must be (N,), in the dtype of boxes");
  const Tensor dense_boxes = dense(boxes), dense_scores = dense(scores);
  const cpu::Groups images = group_images(image_index, N);
  return dispatch_floating(boxes, [&](auto zero) {
    using T = decltype(zero);
    return suppress(images, N, [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
      cpu::box_nms(data<T>(dense_boxes), data<T>(dense_scores), threshold, images, begin, end,
                   keep, suppressor);
    });
  });
}

}  // namespace rmpe::ops
