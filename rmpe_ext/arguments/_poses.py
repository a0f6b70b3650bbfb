"""Arguments that the ops on poses have in common."""

from __future__ import annotations

from types import ModuleType

from .._checks import FLOATING, HALF, Array, check_dtype, check_same, check_shape

__all__ = [
    "check_like",
    "lower_image_index",
    "lower_order",
    "lower_pose_boxes",
    "lower_poses",
]

_SINGLE = ("float32", *HALF)  # computed in float32


def lower_poses(xp: ModuleType, keypoints: Array, scores: Array) -> tuple[Array, Array]:
    """``keypoints`` (N, K, 2) and ``scores`` (N, K) of the op."""
    check_shape(xp, "keypoints", keypoints, (None, None, 2), "(N, K, 2)")
    check_dtype(xp, "keypoints", keypoints, FLOATING)
    count, joints, _ = keypoints.shape
    if joints == 0:
        raise ValueError(f"keypoints must have at least one joint, got {tuple(keypoints.shape)}")
    check_shape(xp, "scores", scores, (count, joints), "(N, K) like keypoints")
    check_like(xp, "scores", scores, "keypoints", keypoints)
    return xp.native(keypoints), xp.native(scores)


def lower_pose_boxes(xp: ModuleType, boxes: Array, keypoints: Array) -> Array:
    """``boxes`` (N, 4) of the op."""
    check_shape(xp, "boxes", boxes, (keypoints.shape[0], 4), "(N, 4) like keypoints")
    check_like(xp, "boxes", boxes, "keypoints", keypoints)
    return xp.native(boxes)


def lower_order(
    xp: ModuleType,
    pose_scores: Array | None,
    image_index: Array | None,
    keypoints: Array,
) -> tuple[Array | None, Array | None]:
    """``pose_scores`` (N,) and ``image_index`` (N,) of the op."""
    if pose_scores is not None:
        check_shape(xp, "pose_scores", pose_scores, (keypoints.shape[0],), "(N,) like keypoints")
        check_like(xp, "pose_scores", pose_scores, "keypoints", keypoints)
        pose_scores = xp.native(pose_scores)
    return pose_scores, lower_image_index(xp, image_index, "keypoints", keypoints)


def lower_image_index(
    xp: ModuleType, image_index: Array | None, other: str, like: Array
) -> Array | None:
    """``image_index`` (N,) of the op."""
    if image_index is not None:
        check_shape(xp, "image_index", image_index, (like.shape[0],), f"(N,) like {other}")
        check_dtype(xp, "image_index", image_index, ("int64",))
        xp.check_device("image_index", image_index, other, like)
    return image_index


def check_like(xp: ModuleType, name: str, array: Array, other: str, like: Array) -> None:
    """Raise ValueError unless both arrays have one device, and are computed in one dtype."""
    if not (xp.name_of(array.dtype) in _SINGLE and xp.name_of(like.dtype) in _SINGLE):
        check_same(name, array.dtype, other, like.dtype, "dtype")
    xp.check_device(name, array, other, like)
