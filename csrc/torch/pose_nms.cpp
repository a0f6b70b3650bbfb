#include "cpu/pose_nms.h"

#include "torch/common.h"

#include <algorithm>
#include <tuple>

namespace rmpe {
namespace {

// Poses as the kernels read them.
struct Poses {
  Tensor keypoints, scores, boxes;
  int64_t N, K;
};

Poses dense_poses(const Tensor& keypoints, const Tensor& scores, const Tensor& boxes) {
  check_dim("keypoints", keypoints, 3);
  check_floating("keypoints", keypoints);
  const int64_t N = keypoints.size(0), K = keypoints.size(1);
  const ScalarType dtype = keypoints.scalar_type();
  STD_TORCH_CHECK(keypoints.size(2) == 2, "keypoints must be (N, K, 2)");
  STD_TORCH_CHECK(scores.dim() == 2 && scores.size(0) == N && scores.size(1) == K &&
                      scores.scalar_type() == dtype,
                  "scores must be (N, K), in the dtype of keypoints");
  STD_TORCH_CHECK(boxes.dim() == 2 && boxes.size(0) == N && boxes.size(1) == 4 &&
                      boxes.scalar_type() == dtype,
                  "boxes must be (N, 4), in the dtype of keypoints");
  return {dense(keypoints), dense(scores), dense(boxes), N, K};
}

cpu::ImageGroups group_images(const std::optional<Tensor>& image_index, int64_t N) {
  if (!image_index.has_value()) return cpu::group_by_image(nullptr, N);
  STD_TORCH_CHECK(image_index->scalar_type() == ScalarType::Long && image_index->dim() == 1 &&
                      image_index->size(0) == N,
                  "image_index must be int64 (N,)");
  const Tensor index = dense(*image_index);
  return cpu::group_by_image(static_cast<const int64_t*>(index.const_data_ptr()), N);
}

// Allocates the results and spreads the images over threads: body(begin, end, keep, suppressor).
template <typename Body>
std::tuple<Tensor, Tensor> suppress(const cpu::ImageGroups& groups, int64_t N, Body&& body) {
  Tensor keep = empty({N}, ScalarType::Bool), suppressor = empty({N}, ScalarType::Long);
  bool* keep_data = static_cast<bool*>(keep.mutable_data_ptr());
  int64_t* suppressor_data = static_cast<int64_t*>(suppressor.mutable_data_ptr());
  constexpr int64_t kItemsWorthAThread = 256;
  const int64_t images = groups.images();
  const int64_t grain = std::max<int64_t>(1, kItemsWorthAThread * images / std::max<int64_t>(1, N));
  torch::stable::parallel_for(0, images, grain, [&](int64_t begin, int64_t end) {
    body(begin, end, keep_data, suppressor_data);
  });
  return {keep, suppressor};
}

std::tuple<Tensor, Tensor> pose_nms(Tensor keypoints, Tensor scores, Tensor boxes,
                                    std::optional<Tensor> pose_scores,
                                    std::optional<Tensor> image_index, double sigma1,
                                    double sigma2, double lam, double eta, bool squared,
                                    bool box_unit, double match_box, double match_radius,
                                    int64_t near_joints, double near_radius, double near_box) {
  const PoseNMSParameters parameters{sigma1,      sigma2,      lam,
                                     eta,         squared,     box_unit,
                                     match_box,   match_radius, near_joints,
                                     near_radius, near_box};
  const Poses poses = dense_poses(keypoints, scores, boxes);
  const cpu::ImageGroups groups = group_images(image_index, poses.N);
  Tensor order;
  if (pose_scores.has_value()) {
    STD_TORCH_CHECK(pose_scores->dim() == 1 && pose_scores->size(0) == poses.N &&
                        pose_scores->scalar_type() == poses.keypoints.scalar_type(),
                    "pose_scores must be (N,), in the dtype of keypoints");
    order = dense(*pose_scores);
  }
  return dispatch_floating(poses.keypoints, [&](auto zero) {
    using T = decltype(zero);
    const T* order_data =
        pose_scores.has_value() ? static_cast<const T*>(order.const_data_ptr()) : nullptr;
    return suppress(groups, poses.N,
                    [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
                      cpu::pose_nms(static_cast<const T*>(poses.keypoints.const_data_ptr()),
                                    static_cast<const T*>(poses.scores.const_data_ptr()),
                                    static_cast<const T*>(poses.boxes.const_data_ptr()),
                                    order_data, poses.K, parameters, groups, begin, end, keep,
                                    suppressor);
                    });
  });
}

Tensor pose_similarity(Tensor keypoints, Tensor scores, Tensor boxes, double sigma1, double sigma2,
                       double lam, bool squared, bool box_unit, double match_box,
                       double match_radius) {
  PoseNMSParameters parameters{};
  parameters.sigma1 = sigma1;
  parameters.sigma2 = sigma2;
  parameters.lam = lam;
  parameters.squared = squared;
  parameters.box_unit = box_unit;
  parameters.match_box = match_box;
  parameters.match_radius = match_radius;
  const Poses poses = dense_poses(keypoints, scores, boxes);
  Tensor similarity = empty({poses.N, poses.N}, poses.keypoints.scalar_type());
  constexpr int64_t kJointPairsWorthAThread = 1 << 16;
  const int64_t grain = std::max<int64_t>(
      1, kJointPairsWorthAThread / std::max<int64_t>(1, poses.N * poses.K));
  dispatch_floating(poses.keypoints, [&](auto zero) {
    using T = decltype(zero);
    T* out = static_cast<T*>(similarity.mutable_data_ptr());
    torch::stable::parallel_for(0, poses.N, grain, [&](int64_t begin, int64_t end) {
      cpu::pose_similarity(static_cast<const T*>(poses.keypoints.const_data_ptr()),
                           static_cast<const T*>(poses.scores.const_data_ptr()),
                           static_cast<const T*>(poses.boxes.const_data_ptr()), poses.N, poses.K,
                           parameters, begin, end, out);
    });
  });
  return similarity;
}

std::tuple<Tensor, Tensor> box_nms(Tensor boxes, Tensor scores, double threshold,
                                   std::optional<Tensor> image_index) {
  check_dim("boxes", boxes, 2);
  check_floating("boxes", boxes);
  const int64_t N = boxes.size(0);
  STD_TORCH_CHECK(boxes.size(1) == 4, "boxes must be (N, 4)");
  STD_TORCH_CHECK(scores.dim() == 1 && scores.size(0) == N &&
                      scores.scalar_type() == boxes.scalar_type(),
                  "scores must be (N,), in the dtype of boxes");
  const Tensor dense_boxes = dense(boxes), dense_scores = dense(scores);
  const cpu::ImageGroups groups = group_images(image_index, N);
  return dispatch_floating(dense_boxes, [&](auto zero) {
    using T = decltype(zero);
    return suppress(groups, N, [&](int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
      cpu::box_nms(static_cast<const T*>(dense_boxes.const_data_ptr()),
                   static_cast<const T*>(dense_scores.const_data_ptr()), threshold, groups, begin,
                   end, keep, suppressor);
    });
  });
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CPU, m) {
  m.impl("pose_nms", TORCH_BOX(&pose_nms));
  m.impl("pose_similarity", TORCH_BOX(&pose_similarity));
  m.impl("box_nms", TORCH_BOX(&box_nms));
}

}  // namespace
}  // namespace rmpe
