// Parameters of pose NMS.
#pragma once

#include "core/pose_nms.h"

// Forms that the method exists in: the paper's, the two that its authors released, and rules that
// only one of the bounds or none decides. sigma1, sigma2, lam, eta, squared, box_unit, match_box,
// match_radius, near_joints, near_radius, near_box.
inline const rmpe::PoseNMSParameters kVariants[] = {
    {0.3, 100.0, 1.0, 2.5, true, false, 0.1, -1.0, 0, 0.0, 0.0},
    {0.01, 2.08, 2.08, 6.0, false, true, -1.0, 1.0, 0, 0.0, 0.0},
    {1.0, 2.65, 1.7, 5.0, false, false, -1.0, 1.0, 3, 7.0, 0.1},
    {0.5, 0.4, 1.0, 2.0, true, true, 0.1, 2.0, 2, 5.0, 0.2},
    {0.5, 10.0, -0.5, 1.0, false, false, -1.0, -1.0, 0, 0.0, 0.0}};
