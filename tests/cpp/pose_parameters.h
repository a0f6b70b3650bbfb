// Parameters of pose NMS and of merging that the tests use.
#pragma once

#include <cstdint>
#include <vector>

#include "core/merge_poses.h"
#include "core/pose_similarity.h"

// Those of rmpe_ext/presets.py, for poses of 17 joints, and every part of the method in another
// combination.
inline rmpe::PoseNMSParameters paper_preset() {
  rmpe::PoseNMSParameters p;
  p.sigma1 = 0.3;
  p.sigma2 = 0.1;
  p.lam = 0.949;
  p.eta = 8.61;
  p.squared = true;
  p.box_unit = true;
  p.match_box = 0.1;
  return p;
}

inline rmpe::PoseNMSParameters rmpe_preset() {
  rmpe::PoseNMSParameters p;
  p.sigma1 = 0.01;
  p.sigma2 = 2.08;
  p.lam = 2.08;
  p.eta = 22.48;
  p.box_unit = true;
  p.match_radius = 1.0;
  return p;
}

inline rmpe::PoseNMSParameters alphapose_preset() {
  rmpe::PoseNMSParameters p;
  p.sigma1 = 1.0;
  p.sigma2 = 2.65;
  p.lam = 1.7;
  p.eta = 22.48;
  p.match_radius = 1.0;
  p.near_joints = 5;
  p.near_radius = 7.0;
  p.near_box = 0.1;
  return p;
}

inline rmpe::PoseNMSParameters every_rule() {
  rmpe::PoseNMSParameters p;
  p.sigma1 = 0.5;
  p.sigma2 = 2.0;
  p.lam = 1.5;
  p.eta = 9.0;
  p.squared = true;
  p.box_unit = true;
  p.match_box = 0.2;
  p.match_radius = 0.5;
  p.near_joints = 3;
  p.near_radius = 9.0;
  p.near_box = 0.2;
  return p;
}

// No bound on a match, and similarity that falls with closeness.
inline rmpe::PoseNMSParameters no_bounds() {
  rmpe::PoseNMSParameters p;
  p.sigma1 = 0.5;
  p.sigma2 = 10.0;
  p.lam = -0.5;
  p.eta = 1.0;
  return p;
}

inline std::vector<rmpe::PoseNMSParameters> all_parameters() {
  return {paper_preset(), rmpe_preset(), alphapose_preset(), every_rule(), no_bounds()};
}

// The same for poses of K joints, of which similarity is a sum.
inline rmpe::PoseNMSParameters for_joints(rmpe::PoseNMSParameters parameters, int64_t K) {
  parameters.eta *= double(K) / 17;
  return parameters;
}

inline rmpe::MergeParameters merge_parameters(double box, double radius, double min_score,
                                              double zero_score) {
  rmpe::MergeParameters p;
  p.box = box;
  p.radius = radius;
  p.min_score = min_score;
  p.zero_score = zero_score;
  return p;
}
