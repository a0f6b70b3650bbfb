"""Overlap of boxes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
        0 to 1; 0 where neither box has an area.

    Examples
    --------
    All pairs:

    >>> boxes = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2]])
    >>> box_iou(boxes[:, None], boxes[None]).round(2)
    array([[1.  , 0.33],
           [0.33, 1.  ]])
    """
    common = box_intersection(first, second)
    union = box_area(first) + box_area(second) - common
    iou: Floats = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return iou


def box_intersection(first: Floats, second: Floats) -> Floats:
    """The area (...) that both boxes cover; arguments as those of `box_iou`."""
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    area: Floats = (high - low).clip(min=0).prod(axis=-1)
    return area


def box_area(boxes: Floats) -> Floats:
    """The area (...) of boxes (..., 4); 0 where an edge lies beyond its opposite."""
    area: Floats = (boxes[..., 2:] - boxes[..., :2]).clip(min=0).prod(axis=-1)
    return area
