"""Validation of the arguments that the ops on poses share."""

from __future__ import annotations

from collections.abc import Sequence

from .checks import (
    FLOATING,
    HALF,
    Array,
    ArrayModule,
    check_dtype,
    check_same,
    listed_boxes,
    listed_index,
    wrong_shape,
)

__all__ = [
    "validate_image_index",
    "validate_like",
    "validate_pose_boxes",
    "validate_pose_order",
    "validate_poses",
]

_AS_FLOAT32 = {"float32", *HALF}  # computed in float32


def validate_poses(xp: ArrayModule, keypoints: Array, scores: Array) -> tuple[Array, Array]:
    """Return ``keypoints`` (N, K, 2) and ``scores`` (N, K)."""
    shape = xp.shape_of("keypoints", keypoints)
    if len(shape) != 3 or shape[2] != 2:
        raise wrong_shape("keypoints", keypoints, "(N, K, 2)")
    check_dtype(xp, "keypoints", keypoints, FLOATING)
    count, joints, _ = shape
    if joints == 0:
        raise ValueError(f"keypoints must have at least one joint, got {tuple(shape)}")
    if xp.shape_of("scores", scores) != (count, joints):
        raise wrong_shape("scores", scores, "(N, K) like keypoints")
    return xp.to_kernel_dtype(keypoints), validate_like(
        xp, "scores", scores, "keypoints", keypoints
    )


def validate_pose_boxes(xp: ArrayModule, boxes: Array, keypoints: Array) -> Array:
    """Return ``boxes`` (N, 4)."""
    if isinstance(boxes, (list, tuple)):
        boxes = listed_boxes(xp, boxes, keypoints)
    if xp.shape_of("boxes", boxes) != (keypoints.shape[0], 4):
        raise wrong_shape("boxes", boxes, "(N, 4) like keypoints")
    return validate_like(xp, "boxes", boxes, "keypoints", keypoints)


def validate_pose_order(
    xp: ArrayModule,
    pose_scores: Array | None,
    image_index: Array | None,
    keypoints: Array,
) -> tuple[Array | None, Array | None]:
    """Return ``pose_scores`` (N,) and ``image_index`` (N,)."""
    if pose_scores is not None:
        if xp.shape_of("pose_scores", pose_scores) != (keypoints.shape[0],):
            raise wrong_shape("pose_scores", pose_scores, "(N,) like keypoints")
        pose_scores = validate_like(xp, "pose_scores", pose_scores, "keypoints", keypoints)
    return pose_scores, validate_image_index(xp, image_index, "keypoints", keypoints)


def validate_image_index(
    xp: ArrayModule, image_index: Array | Sequence[int] | None, other: str, like: Array
) -> Array | None:
    """Return ``image_index`` (N,), one for each item of ``like``."""
    if image_index is None:
        return None
    index: Array = image_index
    if isinstance(index, (list, tuple)):
        index = listed_index(xp, index, like)
    if xp.shape_of("image_index", index) != (like.shape[0],):
        raise wrong_shape("image_index", index, f"(N,) like {other}")
    check_dtype(xp, "image_index", index, ("int64", "int32"))
    xp.check_device("image_index", index, other, like)
    return xp.to_int64(index) if index.dtype.itemsize == 4 else index


def validate_like(xp: ArrayModule, name: str, array: Array, other: str, like: Array) -> Array:
    """Return ``array`` in its kernel dtype; raise unless ``like`` has that and its device."""
    dtype, wanted = array.dtype, like.dtype
    if dtype != wanted and not {xp.dtype_name(dtype), xp.dtype_name(wanted)} <= _AS_FLOAT32:
        check_same(name, dtype, other, wanted, "dtype")
    xp.check_device(name, array, other, like)
    return xp.to_kernel_dtype(array)
