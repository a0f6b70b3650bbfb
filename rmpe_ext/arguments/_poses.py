"""Arguments that the ops on poses have in common."""

from __future__ import annotations

from types import ModuleType

from .._checks import FLOATING, HALF, Array, check_dtype, check_same, shape_of, wrong_shape

__all__ = [
    "lower_image_index",
    "lower_like",
    "lower_order",
    "lower_pose_boxes",
    "lower_poses",
]

_SINGLE = {"float32", *HALF}  # computed in float32


def lower_poses(xp: ModuleType, keypoints: Array, scores: Array) -> tuple[Array, Array]:
    """``keypoints`` (N, K, 2) and ``scores`` (N, K) of the op."""
    shape = shape_of(xp, "keypoints", keypoints)
    if len(shape) != 3 or shape[2] != 2:
        raise wrong_shape("keypoints", keypoints, "(N, K, 2)")
    check_dtype(xp, "keypoints", keypoints, FLOATING)
    count, joints, _ = shape
    if joints == 0:
        raise ValueError(f"keypoints must have at least one joint, got {tuple(shape)}")
    if shape_of(xp, "scores", scores) != (count, joints):
        raise wrong_shape("scores", scores, "(N, K) like keypoints")
    return xp.native(keypoints), lower_like(xp, "scores", scores, "keypoints", keypoints)


def lower_pose_boxes(xp: ModuleType, boxes: Array, keypoints: Array) -> Array:
    """``boxes`` (N, 4) of the op."""
    if shape_of(xp, "boxes", boxes) != (keypoints.shape[0], 4):
        raise wrong_shape("boxes", boxes, "(N, 4) like keypoints")
    return lower_like(xp, "boxes", boxes, "keypoints", keypoints)


def lower_order(
    xp: ModuleType,
    pose_scores: Array | None,
    image_index: Array | None,
    keypoints: Array,
) -> tuple[Array | None, Array | None]:
    """``pose_scores`` (N,) and ``image_index`` (N,) of the op."""
    if pose_scores is not None:
        if shape_of(xp, "pose_scores", pose_scores) != (keypoints.shape[0],):
            raise wrong_shape("pose_scores", pose_scores, "(N,) like keypoints")
        pose_scores = lower_like(xp, "pose_scores", pose_scores, "keypoints", keypoints)
    return pose_scores, lower_image_index(xp, image_index, "keypoints", keypoints)


def lower_image_index(
    xp: ModuleType, image_index: Array | None, other: str, like: Array
) -> Array | None:
    """``image_index`` (N,) of the op."""
    if image_index is not None:
        if shape_of(xp, "image_index", image_index) != (like.shape[0],):
            raise wrong_shape("image_index", image_index, f"(N,) like {other}")
        check_dtype(xp, "image_index", image_index, ("int64",))
        xp.check_device("image_index", image_index, other, like)
    return image_index


def lower_like(xp: ModuleType, name: str, array: Array, other: str, like: Array) -> Array:
    """``array`` of the op; raise unless both have one device, and are computed in one dtype."""
    dtype, wanted = array.dtype, like.dtype
    if dtype != wanted and not {xp.name_of(dtype), xp.name_of(wanted)} <= _SINGLE:
        check_same(name, dtype, other, wanted, "dtype")
    xp.check_device(name, array, other, like)
    return xp.native(array)
