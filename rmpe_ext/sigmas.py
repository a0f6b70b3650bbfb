"""Spread of human annotators at each keypoint, which object keypoint similarity divides by."""

from __future__ import annotations

__all__ = ["COCO_SIGMAS"]

# Relative to the square root of a person's area; https://cocodataset.org/#keypoints-eval.
COCO_SIGMAS: tuple[float, ...] = (
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072,
    0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
)  # fmt: skip
