#pragma once

#include "cpu/pose_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

// What the similarity of poses takes; the rest decides what it leads to.
inline PoseNMSParameters similarity_parameters(double sigma1, double sigma2, double lam,
                                               bool squared, bool box_unit, double match_box,
                                               double match_radius) {
  PoseNMSParameters parameters{};
  parameters.sigma1 = sigma1;
  parameters.sigma2 = sigma2;
  parameters.lam = lam;
  parameters.squared = squared;
  parameters.box_unit = box_unit;
  parameters.match_box = match_box;
  parameters.match_radius = match_radius;
  return parameters;
}

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

inline Tensor pose_similarity(Tensor keypoints, Tensor scores, Tensor boxes, double sigma1,
                              double sigma2, double lam, bool squared, bool box_unit,
                              double match_box, double match_radius) {
  const PoseNMSParameters parameters =
      similarity_parameters(sigma1, sigma2, lam, squared, box_unit, match_box, match_radius);
  const PoseTensors poses(keypoints, scores);
  const Tensor dense_boxes = dense_like(keypoints, "boxes", boxes, {poses.N, 4});
  Tensor similarity = empty({poses.N, poses.N}, keypoints.scalar_type());
  constexpr int64_t kJointPairsWorthAThread = 1 << 16;
  const int64_t grain =
      std::max<int64_t>(1, kJointPairsWorthAThread / std::max<int64_t>(1, poses.N * poses.K));
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
