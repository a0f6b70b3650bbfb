"""Faces made unrecognizable."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import as_float64, within_float32
from .drawn import usable_boxes

if TYPE_CHECKING:
    from ..people import People

__all__ = ["blur_faces"]

Array = np.ndarray[Any, np.dtype[Any]]

_FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
# Of skeletons without a face.
_HEAD = ("head_top", "head", "neck")
# A face reaches so far beyond its outermost keypoint, seen from their middle.
_REACH = 1.7
# And is at least this part of a person's size: of a head that is seen from the side, the keypoints
# lie close together.
_LEAST = 0.13
# Of a face, so many colors are left in a row: too few to tell who it is.
_COLORS = 6


def blur_faces(image: Array, people: People) -> Array:
    """Blur the faces of the people of one image on a copy of it.

    Everybody counts, however low their scores: where somebody may be, a blurred patch costs less
    than a face that is seen. People without any finite keypoint of the head are left alone.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 3) uint8; left as it is.
    people : People
        The people of this image alone.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, a new array.

    Raises
    ------
    ValueError
        The skeleton has no keypoint of the head.
    """
    import cv2

    names = people.skeleton.keypoints
    chosen = [names.index(name) for name in _FACE if name in names]
    chosen = chosen or [names.index(name) for name in _HEAD if name in names]
    if not chosen:
        raise ValueError(f"faces cannot be found: {people.skeleton.name} has no head")
    blurred = np.ascontiguousarray(image).copy()
    corners = usable_boxes(people)
    sizes = np.sqrt((corners[:, 2:] - corners[:, :2]).clip(0).prod(1))
    height, width = image.shape[:2]
    for points, size in zip(as_float64(people.keypoints)[:, chosen], sizes, strict=True):
        points = points[within_float32(points).all(1)]
        if not len(points):
            continue
        # The median: one keypoint that went astray moves the patch off no face.
        center = np.median(points, axis=0)
        distances = np.hypot(*(points - center).T)
        radius = max(_REACH * float(np.median(distances)), _LEAST * float(size), 2.0)
        radius = max(radius, min(_REACH * float(distances.max()), 2 * radius))
        left, top = (max(math.floor(value - radius), 0) for value in center)
        right = min(math.ceil(center[0] + radius) + 1, width)
        bottom = min(math.ceil(center[1] + radius) + 1, height)
        if left >= right or top >= bottom:
            continue
        patch = blurred[top:bottom, left:right]
        few = cv2.resize(patch, (_COLORS, _COLORS), interpolation=cv2.INTER_AREA)
        smooth = cv2.resize(few, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        y, x = np.ogrid[top:bottom, left:right]
        inside = (x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius**2
        patch[inside] = smooth[inside]
    return blurred
