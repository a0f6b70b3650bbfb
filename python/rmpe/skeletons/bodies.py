"""Skeletons of the body: those of data sets, and OpenPose's."""

from __future__ import annotations

from rmpe_ext.sigmas import COCO_SIGMAS

from .skeleton import Skeleton

__all__ = [
    "AIC_14",
    "BODY_25",
    "COCO_17",
    "CROWDPOSE_14",
    "HALPE_26",
    "MPII_16",
    "OPENPOSE_18",
]

# https://cocodataset.org/#keypoints-eval gives the sigmas.
COCO_17 = Skeleton(
    name="coco_17",
    keypoints=(
        "nose",
        "left_eye",
        "right_eye",
        "left_ear",
        "right_ear",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
    ),
    limbs=(
        (0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6),
        (5, 6), (5, 7), (7, 9), (6, 8), (8, 10),
        (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
    ),
    flip_pairs=((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)),
    sigmas=COCO_SIGMAS,
)  # fmt: skip

# AI Challenger, in the order of edvardHua/PoseEstimationForMobile, which is not the data set's own.
AIC_14 = Skeleton(
    name="aic_14",
    keypoints=(
        "head_top",
        "neck",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_hip",
        "right_knee",
        "right_ankle",
        "left_hip",
        "left_knee",
        "left_ankle",
    ),
    limbs=(
        (0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7),
        (2, 8), (5, 11), (8, 11), (8, 9), (9, 10), (11, 12), (12, 13),
    ),
    flip_pairs=((2, 5), (3, 6), (4, 7), (8, 11), (9, 12), (10, 13)),
    sigmas=None,
)  # fmt: skip

MPII_16 = Skeleton(
    name="mpii_16",
    keypoints=(
        "right_ankle",
        "right_knee",
        "right_hip",
        "left_hip",
        "left_knee",
        "left_ankle",
        "pelvis",
        "thorax",
        "neck",
        "head_top",
        "right_wrist",
        "right_elbow",
        "right_shoulder",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
    ),
    limbs=(
        (0, 1), (1, 2), (2, 6), (6, 3), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9),
        (10, 11), (11, 12), (12, 7), (7, 13), (13, 14), (14, 15),
    ),
    flip_pairs=((0, 5), (1, 4), (2, 3), (10, 15), (11, 14), (12, 13)),
    sigmas=None,
)  # fmt: skip

CROWDPOSE_14 = Skeleton(
    name="crowdpose_14",
    keypoints=(
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
        "head",
        "neck",
    ),
    limbs=(
        (12, 13), (13, 0), (13, 1), (0, 2), (2, 4), (1, 3), (3, 5),
        (0, 6), (1, 7), (6, 7), (6, 8), (8, 10), (7, 9), (9, 11),
    ),
    flip_pairs=((0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)),
    # https://github.com/Jeff-sjtu/CrowdPose evaluates with these.
    sigmas=(0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
            0.079, 0.079),
)  # fmt: skip

# Halpe, the body alone.
HALPE_26 = Skeleton(
    name="halpe_26",
    keypoints=(
        *COCO_17.keypoints,
        "head",
        "neck",
        "hip",
        "left_big_toe",
        "right_big_toe",
        "left_small_toe",
        "right_small_toe",
        "left_heel",
        "right_heel",
    ),
    limbs=(
        (0, 1), (0, 2), (1, 3), (2, 4), (0, 17), (0, 18),
        (18, 5), (18, 6), (5, 7), (7, 9), (6, 8), (8, 10),
        (18, 19), (19, 11), (19, 12), (11, 13), (13, 15), (12, 14), (14, 16),
        (15, 20), (16, 21), (15, 22), (16, 23), (15, 24), (16, 25),
    ),
    flip_pairs=(*COCO_17.flip_pairs, (20, 21), (22, 23), (24, 25)),
    sigmas=None,
)  # fmt: skip

# OpenPose's model COCO.
OPENPOSE_18 = Skeleton(
    name="openpose_18",
    keypoints=(
        "nose",
        "neck",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_hip",
        "right_knee",
        "right_ankle",
        "left_hip",
        "left_knee",
        "left_ankle",
        "right_eye",
        "left_eye",
        "right_ear",
        "left_ear",
    ),
    limbs=(
        (0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7),
        (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13),
        (0, 14), (0, 15), (14, 16), (15, 17),
    ),
    flip_pairs=((2, 5), (3, 6), (4, 7), (8, 11), (9, 12), (10, 13), (14, 15), (16, 17)),
    sigmas=None,
)  # fmt: skip

# OpenPose's model BODY_25.
BODY_25 = Skeleton(
    name="body_25",
    keypoints=(
        *OPENPOSE_18.keypoints[:8],
        "mid_hip",
        *OPENPOSE_18.keypoints[8:],
        "left_big_toe",
        "left_small_toe",
        "left_heel",
        "right_big_toe",
        "right_small_toe",
        "right_heel",
    ),
    limbs=(
        (0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7),
        (1, 8), (8, 9), (9, 10), (10, 11), (8, 12), (12, 13), (13, 14),
        (0, 15), (0, 16), (15, 17), (16, 18),
        (14, 19), (19, 20), (14, 21), (11, 22), (22, 23), (11, 24),
    ),
    flip_pairs=(
        (2, 5), (3, 6), (4, 7), (9, 12), (10, 13), (11, 14), (15, 16), (17, 18),
        (19, 22), (20, 23), (21, 24),
    ),
    sigmas=None,
)  # fmt: skip
