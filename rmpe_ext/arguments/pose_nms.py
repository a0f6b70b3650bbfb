"""Arguments of ``pose_similarity``, ``pose_nms`` and ``box_nms``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .._checks import check_dtype, check_same, check_shape
from ..presets import PoseNMSPreset, resolve_preset

__all__ = ["box_nms_arguments", "pose_nms_arguments", "pose_similarity_arguments"]

_FLOATING = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
_NATIVE = (torch.float32, torch.float64)


def pose_nms_arguments(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    preset: str | PoseNMSPreset,
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    parameters: Mapping[str, Any],
) -> tuple:
    """``(keypoints, scores, boxes, pose_scores, image_index, sigma1, ..., near_box)`` of the op."""
    row = resolve_preset(preset, parameters)
    poses = _poses(keypoints, scores, boxes)
    if pose_scores is not None:
        check_shape("pose_scores", pose_scores, (keypoints.shape[0],), "(N,) like keypoints")
        _check_like("pose_scores", pose_scores, "keypoints", keypoints)
        pose_scores = _values(pose_scores)
    if image_index is not None:
        _check_image_index(image_index, "keypoints", keypoints)
    return (
        *poses,
        pose_scores,
        image_index,
        row.sigma1,
        row.sigma2,
        row.lam,
        row.eta,
        *_distance(row),
        row.near_joints,
        row.near_radius,
        row.near_box,
    )


def pose_similarity_arguments(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    preset: str | PoseNMSPreset,
    parameters: Mapping[str, Any],
) -> tuple:
    """``(keypoints, scores, boxes, sigma1, ..., match_radius)`` of the op."""
    row = resolve_preset(preset, parameters)
    poses = _poses(keypoints, scores, boxes)
    return *poses, row.sigma1, row.sigma2, row.lam, *_distance(row)


def box_nms_arguments(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    threshold: float,
    image_index: torch.Tensor | None,
) -> tuple:
    """``(boxes, scores, threshold, image_index)`` of the op."""
    check_shape("boxes", boxes, (None, 4), "(N, 4)")
    check_dtype("boxes", boxes, _FLOATING)
    check_shape("scores", scores, (boxes.shape[0],), "(N,) like boxes")
    _check_like("scores", scores, "boxes", boxes)
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"threshold must be an IoU in 0..1, got {threshold}")
    if image_index is not None:
        _check_image_index(image_index, "boxes", boxes)
    return _values(boxes), _values(scores), threshold, image_index


def _poses(
    keypoints: torch.Tensor, scores: torch.Tensor, boxes: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    check_shape("keypoints", keypoints, (None, None, 2), "(N, K, 2)")
    check_dtype("keypoints", keypoints, _FLOATING)
    count, joints, _ = keypoints.shape
    if joints == 0:
        raise ValueError(f"keypoints must have at least one joint, got {tuple(keypoints.shape)}")
    check_shape("scores", scores, (count, joints), "(N, K) like keypoints")
    check_shape("boxes", boxes, (count, 4), "(N, 4) like keypoints")
    _check_like("scores", scores, "keypoints", keypoints)
    _check_like("boxes", boxes, "keypoints", keypoints)
    return _values(keypoints), _values(scores), _values(boxes)


def _check_like(name: str, tensor: torch.Tensor, other: str, like: torch.Tensor) -> None:
    check_same(name, tensor.dtype, other, like.dtype, "dtype")
    check_same(name, tensor.device, other, like.device, "device")


def _check_image_index(image_index: torch.Tensor, other: str, like: torch.Tensor) -> None:
    check_shape("image_index", image_index, (like.shape[0],), f"(N,) like {other}")
    check_dtype("image_index", image_index, (torch.int64,))
    check_same("image_index", image_index.device, other, like.device, "device")


def _values(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in a dtype that the kernels take, outside autograd: a choice has no gradient."""
    if tensor.dtype not in _NATIVE:
        tensor = tensor.float()
    return tensor.detach() if tensor.requires_grad else tensor


def _distance(row: PoseNMSPreset) -> tuple[bool, bool, float, float]:
    """``squared, box_unit, match_box, match_radius``; -1 stands for a bound that is off."""
    return (
        row.squared,
        row.unit == "box",
        -1.0 if row.match_box is None else row.match_box,
        -1.0 if row.match_radius is None else row.match_radius,
    )
