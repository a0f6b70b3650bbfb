"""Overlap of boxes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arguments import as_floats

__all__ = ["box_area", "box_intersection", "box_iou"]

Floats = npt.NDArray[np.float64]


def box_iou(first: Floats, second: Floats) -> Floats:
    """Intersection over union of boxes: the area that both cover, over the area that either covers.

    Parameters
    ----------
    first, second : arrays (..., 4)
        ``x1, y1, x2, y2``, of shapes that broadcast with each other.

    Returns
    -------
    array (...)
        0 to 1; 0 where neither box has an area, or one has none that float64 can hold.

    Raises
    ------
    TypeError, ValueError
        The boxes are no real numbers (..., 4), or their shapes do not broadcast.

    Examples
    --------
    All pairs:

    >>> boxes = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2]])
    >>> box_iou(boxes[:, None], boxes[None]).round(2)
    array([[1.  , 0.33],
           [0.33, 1.  ]])
    """
    common = box_intersection(first, second)
    with np.errstate(invalid="ignore", over="ignore"):
        union = np.asarray(box_area(first) + box_area(second) - common)
    iou: Floats = np.divide(common, union, out=np.zeros(union.shape), where=union > 0)
    return iou


def box_intersection(first: Floats, second: Floats) -> Floats:
    """The area (...) that both boxes cover; arguments as those of `box_iou`."""
    first, second = as_floats("first", first, (..., 4)), as_floats("second", second, (..., 4))
    try:
        np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise ValueError(
            f"second must be of a shape that broadcasts with that of first, {first.shape}, "
            f"got {second.shape}"
        ) from None
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    return _area(low, high)


def box_area(boxes: Floats) -> Floats:
    """The area (...) of boxes (..., 4); 0 where an edge lies beyond its opposite."""
    boxes = as_floats("boxes", boxes, (..., 4))
    return _area(boxes[..., :2], boxes[..., 2:])


def _area(low: Floats, high: Floats) -> Floats:
    # What is not finite has no area to speak of: NaN, or infinity.
    with np.errstate(invalid="ignore", over="ignore"):
        area: Floats = (high - low).clip(min=0).prod(axis=-1)
    return area
