"""Arguments that the ops on poses have in common."""

from __future__ import annotations

import torch

from .._checks import check_dtype, check_same, check_shape

__all__ = [
    "FLOATING",
    "check_like",
    "lower_image_index",
    "lower_order",
    "lower_pose_boxes",
    "lower_poses",
    "values",
]

FLOATING = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
_NATIVE = (torch.float32, torch.float64)


def lower_poses(
    keypoints: torch.Tensor, scores: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """``keypoints`` (N, K, 2) and ``scores`` (N, K) of the op."""
    check_shape("keypoints", keypoints, (None, None, 2), "(N, K, 2)")
    check_dtype("keypoints", keypoints, FLOATING)
    count, joints, _ = keypoints.shape
    if joints == 0:
        raise ValueError(f"keypoints must have at least one joint, got {tuple(keypoints.shape)}")
    check_shape("scores", scores, (count, joints), "(N, K) like keypoints")
    check_like("scores", scores, "keypoints", keypoints)
    return values(keypoints), values(scores)


def lower_pose_boxes(boxes: torch.Tensor, keypoints: torch.Tensor) -> torch.Tensor:
    """``boxes`` (N, 4) of the op."""
    check_shape("boxes", boxes, (keypoints.shape[0], 4), "(N, 4) like keypoints")
    check_like("boxes", boxes, "keypoints", keypoints)
    return values(boxes)


def lower_order(
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    keypoints: torch.Tensor,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """``pose_scores`` (N,) and ``image_index`` (N,) of the op."""
    if pose_scores is not None:
        check_shape("pose_scores", pose_scores, (keypoints.shape[0],), "(N,) like keypoints")
        check_like("pose_scores", pose_scores, "keypoints", keypoints)
        pose_scores = values(pose_scores)
    return pose_scores, lower_image_index(image_index, "keypoints", keypoints)


def lower_image_index(
    image_index: torch.Tensor | None, other: str, like: torch.Tensor
) -> torch.Tensor | None:
    """``image_index`` (N,) of the op."""
    if image_index is not None:
        check_shape("image_index", image_index, (like.shape[0],), f"(N,) like {other}")
        check_dtype("image_index", image_index, (torch.int64,))
        check_same("image_index", image_index.device, other, like.device, "device")
    return image_index


def check_like(name: str, tensor: torch.Tensor, other: str, like: torch.Tensor) -> None:
    """Raise ValueError unless both tensors have one dtype and device."""
    check_same(name, tensor.dtype, other, like.dtype, "dtype")
    check_same(name, tensor.device, other, like.device, "device")


def values(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in a dtype that the kernels take, outside autograd: a choice has no gradient."""
    if tensor.dtype not in _NATIVE:
        tensor = tensor.float()
    return tensor.detach() if tensor.requires_grad else tensor
