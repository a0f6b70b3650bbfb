#pragma once

#include "cpu/nearby_joints_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

inline std::tuple<Tensor, Tensor> nearby_joints_nms(Tensor keypoints, Tensor scores,
                                                    std::optional<Tensor> pose_scores,
                                                    std::optional<Tensor> image_index,
                                                    double distance, int64_t max_near) {
  const PoseTensors poses(keypoints, scores, pose_scores);
  const cpu::Groups images = group_images(image_index, poses.N);
  return dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    return suppress(images, poses.N,
                    [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                      cpu::nearby_joints_nms(poses.list<T>(), distance, max_near, images, begin,
                                             end, keep, suppressor);
                    });
  });
}

}  // namespace rmpe::ops
