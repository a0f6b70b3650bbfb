#pragma once

#include <optional>
#include <tuple>

#include "cpu/pose_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

template <typename T>
void run_pose_nms(const Cpu&, const PoseList<T>& poses, const T* boxes,
                  const PoseNMSParameters& parameters, const cpu::Groups& images, int64_t N,
                  bool* keep, int64_t* suppressor) {
  for_groups(images, N, [&](int64_t begin, int64_t end) {
    cpu::pose_nms(poses, boxes, parameters, images, begin, end, keep, suppressor);
  });
}

template <typename Device>
std::tuple<Tensor, Tensor> pose_nms(Tensor keypoints, Tensor scores, Tensor boxes,
                                    std::optional<Tensor> pose_scores,
                                    std::optional<Tensor> image_index, double sigma1, double sigma2,
                                    double lam, double eta, bool squared, bool box_unit,
                                    double match_box, double match_radius, int64_t near_joints,
                                    double near_radius, double near_box) {
  PoseNMSParameters parameters;
  parameters.sigma1 = sigma1;
  parameters.sigma2 = sigma2;
  parameters.lam = lam;
  parameters.eta = eta;
  parameters.squared = squared;
  parameters.box_unit = box_unit;
  parameters.match_box = match_box;
  parameters.match_radius = match_radius;
  parameters.near_joints = near_joints;
  parameters.near_radius = near_radius;
  parameters.near_box = near_box;

  const Device device(keypoints);
  const PoseTensors poses(device, keypoints, scores, pose_scores);
  boxes = poses.checked(device, "boxes", boxes, {poses.N, 4});
  const auto images = group_images(device, image_index, poses.N);
  return suppress(device, poses.N, [&](bool* keep, int64_t* suppressor) {
    dispatch_floating(boxes, [&](auto zero) {
      using T = decltype(zero);
      run_pose_nms(device, poses.list<T>(), data<T>(boxes), parameters, images, poses.N, keep,
                   suppressor);
    });
  });
}

}  // namespace rmpe::ops
