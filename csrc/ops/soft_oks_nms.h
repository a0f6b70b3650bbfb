#pragma once

#include "cpu/soft_oks_nms.h"
#include "ops/poses.h"

namespace rmpe::ops {

inline std::tuple<Tensor, Tensor, Tensor> soft_oks_nms(Tensor keypoints, Tensor scores,
                                                       Tensor areas, Tensor sigmas,
                                                       std::optional<Tensor> pose_scores,
                                                       std::optional<Tensor> image_index,
                                                       double threshold, int64_t max_kept) {
  const PoseTensors poses(keypoints, scores, pose_scores);
  const Tensor dense_areas = dense_like(keypoints, "areas", areas, {poses.N});
  const Tensor dense_sigmas = dense_like(keypoints, "sigmas", sigmas, {poses.K});
  const cpu::Groups images = group_images(image_index, poses.N);
  Tensor keep = empty({poses.N}, ScalarType::Bool), rank = empty({poses.N}, ScalarType::Long);
  Tensor decayed = empty({poses.N}, keypoints.scalar_type());
  dispatch_floating(keypoints, [&](auto zero) {
    using T = decltype(zero);
    bool* keep_data = mutable_data<bool>(keep);
    T* decayed_data = mutable_data<T>(decayed);
    int64_t* rank_data = mutable_data<int64_t>(rank);
    for_groups(images, poses.N, [&](int64_t begin, int64_t end) {
      cpu::soft_oks_nms(poses.list<T>(), data<T>(dense_areas), data<T>(dense_sigmas), threshold,
                        max_kept, images, begin, end, keep_data, decayed_data, rank_data);
    });
  });
  return {keep, decayed, rank};
}

}  // namespace rmpe::ops
