"""Draw poses on photographs.

Everything scales: lines with the person's box, and never thinner than the picture's size asks for,
so that a drawing reads the same at 200 and at 4000 pixels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..people import People
    from ..skeletons import Skeleton

# RGB. Orange and blue stay apart for color-blind readers and on skin, grass, sky and snow.
COLORS = {"left": (255, 140, 0), "right": (0, 158, 255), "middle": (178, 232, 92)}
_OUTLINE = (22, 22, 26)
_BOX = (245, 245, 245)
_OPACITY = 0.88
# OpenCV takes coordinates in 1/16 pixel.
_SHIFT = 4


def draw(
    image: np.ndarray, people: People, *, min_score: float = 0.2, boxes: bool = True
) -> np.ndarray:
    """Draw the people of one image on a copy of it.

    Limbs and joints are orange on the person's left side, blue on the right, green in the middle
    and across; a limb is drawn when both its joints are. The largest person is drawn last.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 3) uint8, RGB; left as it is.
    people : People
        The people of this image alone, as `People.split` gives them; coordinates in its pixels.
    min_score : float
        Joints that score lower, and joints that are not finite, are left out.
    boxes : bool
        Draw each person's box too.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB, a new array.

    Raises
    ------
    ValueError
        `image` is not (H, W, 3) uint8.
    """
    import cv2

    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"image must be (H, W, 3) uint8, got {image.shape} {image.dtype}")
    height, width = image.shape[:2]
    original = np.ascontiguousarray(image)
    keypoints = _numpy(people.keypoints)
    shown = (_numpy(people.keypoint_scores) >= min_score) & np.isfinite(keypoints).all(-1)
    # Far outside, only the direction matters; bounded, no coordinate overflows OpenCV's integers.
    margin = 2 * max(height, width)
    keypoints = np.clip(np.nan_to_num(keypoints), -margin, margin + max(height, width))
    corners = np.nan_to_num(_numpy(people.boxes)).clip(-margin, margin + max(height, width))

    canvas = original.copy()
    sides = np.maximum(corners[:, 2:] - corners[:, :2], 1)
    order = np.argsort(sides.prod(1), kind="stable")
    if boxes:
        for person in order:
            _draw_box(canvas, corners[person])
    for person in order:
        line = _line_width(sides[person], (height, width))
        _draw_pose(canvas, keypoints[person], shown[person], people.skeleton, line)
    return cv2.addWeighted(canvas, _OPACITY, original, 1 - _OPACITY, 0)


def sides_of(skeleton: Skeleton) -> list[str]:
    """Say of each keypoint whether it is ``"left"``, ``"right"`` or ``"middle"``.

    The flip pairs say which keypoints mirror each other, the names which of the two is right.

    Examples
    --------
    >>> from rmpe.skeletons import COCO_17
    >>> sides_of(COCO_17)[:3]
    ['middle', 'left', 'right']
    """
    sides = ["middle"] * len(skeleton.keypoints)
    for first, second in skeleton.flip_pairs:
        if skeleton.keypoints[first].startswith("right"):
            first, second = second, first
        sides[first], sides[second] = "left", "right"
    return sides


def _numpy(values: object) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values, np.float64)


def _line_width(sides: np.ndarray, image_size: tuple[int, int]) -> float:
    """Limb thickness in pixels: 1/50 of the person, within what suits the picture as a whole."""
    longest = max(image_size)
    return float(np.clip(math.sqrt(sides.prod()) / 50, max(longest / 500, 1.2), longest / 80 + 1))


def _draw_pose(
    canvas: np.ndarray, joints: np.ndarray, shown: np.ndarray, skeleton: Skeleton, line: float
) -> None:
    sides = sides_of(skeleton)
    limbs = [(a, b) for a, b in skeleton.limbs if shown[a] and shown[b]]
    edge = max(line * 0.28, 0.6)
    # All outlines first: they then frame the figure and do not cut across its limbs.
    for a, b in limbs:
        _draw_limb(canvas, joints[a], joints[b], line + 2 * edge, _OUTLINE)
    for joint in np.flatnonzero(shown):
        _draw_disc(canvas, joints[joint], 0.85 * line + edge, _OUTLINE)
    for a, b in limbs:
        touched = {sides[a], sides[b]} - {"middle"}
        _draw_limb(canvas, joints[a], joints[b], line,
                   COLORS[touched.pop() if len(touched) == 1 else "middle"])  # fmt: skip
    for joint in np.flatnonzero(shown):
        _draw_disc(canvas, joints[joint], 0.85 * line, COLORS[sides[joint]])
        if line >= 5:  # Smaller, OpenCV's circles turn into diamonds.
            _draw_disc(canvas, joints[joint], 0.4 * line, (255, 255, 255))


def _draw_limb(
    canvas: np.ndarray, start: np.ndarray, end: np.ndarray, width: float, color: tuple[int, ...]
) -> None:
    import cv2

    along = end - start
    length = float(np.hypot(*along))
    if length == 0:
        return
    # A polygon, since OpenCV's own lines have whole-pixel widths.
    across = np.array([-along[1], along[0]]) * (width / 2 / length)
    outline = np.stack([start + across, end + across, end - across, start - across])
    cv2.fillConvexPoly(canvas, _fixed(outline), color, cv2.LINE_AA, _SHIFT)


def _draw_disc(
    canvas: np.ndarray, center: np.ndarray, radius: float, color: tuple[int, ...]
) -> None:
    import cv2

    x, y = _fixed(center).tolist()
    radius = max(round(radius * 2**_SHIFT), 1)
    cv2.circle(canvas, (x, y), radius, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _draw_box(canvas: np.ndarray, corners: np.ndarray) -> None:
    import cv2

    thin = max(round(max(canvas.shape) / 1000), 1)
    x1, y1, x2, y2 = np.rint(corners).astype(int).tolist()
    # Whole pixels keep the edges crisp; the dark line around them shows on a bright ground.
    cv2.rectangle(canvas, (x1 - thin, y1 - thin), (x2 + thin, y2 + thin), _OUTLINE, thin)
    cv2.rectangle(canvas, (x1, y1), (x2, y2), _BOX, thin)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.rint(points * 2**_SHIFT).astype(np.int32)
