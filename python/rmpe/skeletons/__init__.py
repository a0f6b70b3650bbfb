"""Which keypoints a network finds, in which order, and how they belong together."""

from __future__ import annotations

from .bodies import AIC_14, BODY_25, COCO_17, CROWDPOSE_14, HALPE_26, MPII_16, OPENPOSE_18
from .skeleton import SILHOUETTE, Skeleton
from .wholebody import WHOLEBODY_133

__all__ = [
    "AIC_14",
    "BODY_25",
    "COCO_17",
    "CROWDPOSE_14",
    "HALPE_26",
    "MPII_16",
    "OPENPOSE_18",
    "SILHOUETTE",
    "SKELETONS",
    "WHOLEBODY_133",
    "Skeleton",
]

SKELETONS = {
    skeleton.name: skeleton
    for skeleton in (
        COCO_17,
        AIC_14,
        MPII_16,
        CROWDPOSE_14,
        HALPE_26,
        WHOLEBODY_133,
        OPENPOSE_18,
        BODY_25,
    )
}
