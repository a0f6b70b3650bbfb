// Parameters of pose NMS.
#pragma once

#include "core/pose_nms.h"

// The presets, and every part of the mechanism in another combination.
constexpr rmpe::PoseNMSParameters kPaper{0.3, 100.0, 1.0, 8.0, true, false, 0.1, -1.0, 0, 0.0, 0.0};
constexpr rmpe::PoseNMSParameters kRmpe{0.01, 2.08, 2.08, 22.48, false, true,
                                        -1.0, 1.0,  0,    0.0,   0.0};
constexpr rmpe::PoseNMSParameters kAlphapose{1.0,  2.65, 1.7, 22.48, false, false,
                                             -1.0, 1.0,  5,   7.0,   0.1};
constexpr rmpe::PoseNMSParameters kAll{0.5, 2.0, 1.5, 9.0, true, true, 0.2, 0.5, 3, 9.0, 0.2};
