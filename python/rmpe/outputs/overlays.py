"""Heatmaps and the windows of networks drawn on a photograph: for finding faults."""

from __future__ import annotations

from typing import Any

import numpy as np

from .drawn import bounded
from .lettering import write_label

__all__ = ["draw_heatmaps", "draw_windows"]

Array = np.ndarray[Any, np.dtype[Any]]

# Of the color over the photograph, where a heatmap is highest.
_OPACITY = 0.75
_CROP, _WINDOW, _OUTLINE = (245, 245, 245), (255, 214, 0), (22, 22, 26)
# Of coordinates and lines, in bits.
_SHIFT = 4


def draw_heatmaps(image: Array, heatmaps: Array, matrices: Array) -> Array:
    """Lay heatmaps over a copy of an image, each where it belongs.

    Where several lie on each other, the highest is seen. The color goes by the share of the
    highest value of all, which is written in the corner; at 0 and below, the image is as it was.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 3) uint8, RGB; left as it is.
    heatmaps : numpy.ndarray
        (P, K, h, w): of each person and keypoint. What is not finite is not drawn.
    matrices : numpy.ndarray
        (P, 2, 3): pixel of the heatmaps -> pixel of the image.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB, a new array.

    Examples
    --------
    >>> peak = np.zeros((1, 1, 8, 8), np.float32)
    >>> peak[0, 0, 2, 5] = 0.5
    >>> drawn = draw_heatmaps(
    ...     np.zeros((80, 80, 3), np.uint8), peak, np.array([[[10.0, 0, 0], [0, 10, 0]]]))
    >>> [int(axis.mean()) for axis in drawn[:60].max(2).nonzero()]
    [20, 50]
    """
    import cv2

    height, width = image.shape[:2]
    highest = np.zeros((height, width), np.float32)
    for maps, matrix in zip(heatmaps, matrices, strict=True):
        if not np.isfinite(matrix).all():
            continue
        together = np.nan_to_num(maps, posinf=0, neginf=0).max(0, initial=0).astype(np.float32)
        laid = cv2.warpAffine(together, np.asarray(matrix, np.float64), (width, height))
        np.maximum(highest, laid, out=highest)
    most = float(highest.max(initial=0))
    share = highest / most if most > 0 else highest
    colors = cv2.applyColorMap(np.rint(share * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    # Square root: else what is half as high would hardly be seen.
    opacity = _OPACITY * np.sqrt(share)[..., None]
    drawing = image * (1 - opacity) + colors[:, :, ::-1] * opacity
    drawn: Array = np.rint(drawing).astype(np.uint8)
    size = float(np.clip(min(height, width) / 30, 14, 60))
    write_label(drawn, f"highest {most:.2f}", (0, height), size)
    return drawn


def draw_windows(image: Array, crops: Array, windows: Array | None = None) -> Array:
    """Outline what networks see of people on a copy of an image.

    The part that a box stands for is white. The part that a spatial transformer chose of it is
    yellow, with a dot at its upper left corner, by which a turn or a mirroring is seen.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 3) uint8, RGB; left as it is.
    crops, windows : numpy.ndarray
        (P, 4, 2): corners, x, y in pixels, from the upper left one on, clockwise in the crop.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB, a new array.
    """
    import cv2

    drawing = np.ascontiguousarray(image).copy()
    height, width = image.shape[:2]
    line = max(round(min(height, width) / 250), 1)
    for outlines, color in ((crops, _CROP), (windows, _WINDOW)):
        if outlines is None:
            continue
        corners = np.rint(bounded(outlines, image.shape) * 2**_SHIFT).astype(np.int32)
        for ink, thick in ((_OUTLINE, line + 2), (color, line)):
            cv2.polylines(drawing, list(corners), True, ink, thick, cv2.LINE_AA, _SHIFT)
        if color == _WINDOW:
            for x, y in corners[:, 0].tolist():
                radius = round((2.5 * line) * 2**_SHIFT)
                cv2.circle(drawing, (x, y), radius, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return drawing
