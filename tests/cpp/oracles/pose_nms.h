// Pose NMS and box NMS, one pair at a time, as the method is written down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/pose_nms.h"
#include "oracles/greedy.h"

namespace oracle {

// A box turned inside out, or not a number, has no extent.
inline double width_of(const double* box) { return box[2] > box[0] ? box[2] - box[0] : 0.0; }
inline double height_of(const double* box) { return box[3] > box[1] ? box[3] - box[1] : 0.0; }

struct PoseSimilarity {
  double d;
  int64_t near_joints;
  double margin;  // by how much the closest joint could move before it would (not) match
};

// d(i, j), i being the reference; boxes: [N, 4].
inline PoseSimilarity pose_similarity(const Poses& poses, const double* boxes, int64_t i, int64_t j,
                                      const rmpe::PoseNMSParameters& p) {
  const double* box = boxes + 4 * i;
  const double longer = std::max(width_of(box), height_of(box));
  const double unit = p.box_unit ? 0.1 * longer : 1.0;
  const double near = std::min(p.near_box * longer, p.near_radius);
  double k_sim = 0.0, h_sim = 0.0;
  PoseSimilarity result{0.0, 0, kInfinity};
  // Joints that coincide are within every bound, however it is rounded.
  const auto within = [&](double length, double bound) {
    if (length > 0.0 && std::isfinite(length)) {
      result.margin = std::min(result.margin, std::fabs(length - bound));
    }
    return length <= bound;
  };
  for (int64_t n = 0; n < poses.K; ++n) {
    const double dx = poses.joint(j, n)[0] - poses.joint(i, n)[0];
    const double dy = poses.joint(j, n)[1] - poses.joint(i, n)[1];
    const double pixels = std::hypot(dx, dy);
    // Where a unit has no length, what coincides is at distance 0 and all else out of reach.
    const double distance = unit > 0.0 ? pixels / unit : (pixels > 0.0 ? kInfinity : 0.0);
    bool matches = true;
    if (p.match_radius >= 0.0) matches = within(distance, p.match_radius) && matches;
    if (p.match_box >= 0.0) {
      matches = within(std::fabs(dx), p.match_box * width_of(box) / 2) && matches;
      matches = within(std::fabs(dy), p.match_box * height_of(box) / 2) && matches;
    }
    if (matches) {
      k_sim += std::tanh(poses.score(i, n) / p.sigma1) * std::tanh(poses.score(j, n) / p.sigma1);
    }
    h_sim += std::exp(-(p.squared ? distance * distance : distance) / p.sigma2);
    if (p.near_joints > 0) result.near_joints += within(pixels, near);
  }
  result.d = k_sim + p.lam * h_sim;
  return result;
}

inline Suppression pose_nms(const Poses& poses, const double* boxes,
                            const rmpe::PoseNMSParameters& p) {
  std::vector<double> order(poses.N);
  for (int64_t i = 0; i < poses.N; ++i) {
    order[i] = all_finite(boxes + 4 * i, 4) ? order_of(poses, i) : NAN;
  }
  return greedy(order, poses.image_index, [&](int64_t i, int64_t j) {
    const PoseSimilarity s = pose_similarity(poses, boxes, i, j, p);
    const bool near = p.near_joints > 0 && s.near_joints >= p.near_joints;
    return Decision{s.d > p.eta || near, std::min(s.margin, std::fabs(s.d - p.eta))};
  });
}

// Intersection over union; 0 where there is no union.
inline double iou(const double* a, const double* b) {
  const double shared_box[4] = {std::max(a[0], b[0]), std::max(a[1], b[1]), std::min(a[2], b[2]),
                                std::min(a[3], b[3])};
  const auto area = [](const double* box) { return width_of(box) * height_of(box); };
  const double shared = area(shared_box), either = area(a) + area(b) - shared;
  return either > 0.0 ? shared / either : 0.0;
}

// boxes: [N, 4], scores: [N].
inline Suppression box_nms(const std::vector<double>& boxes, const std::vector<double>& scores,
                           double threshold, const std::vector<int64_t>& image_index) {
  std::vector<double> order = scores;
  for (size_t i = 0; i < order.size(); ++i) {
    if (!all_finite(boxes.data() + 4 * i, 4)) order[i] = NAN;
  }
  return greedy(order, image_index, [&](int64_t i, int64_t j) {
    const double value = iou(boxes.data() + 4 * i, boxes.data() + 4 * j);
    // 0, and the 1 of boxes that coincide, are exact.
    const bool exact = value == 0.0 || value == 1.0;
    return Decision{value > threshold, exact ? kInfinity : std::fabs(value - threshold)};
  });
}

}  // namespace oracle
