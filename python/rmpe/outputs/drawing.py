"""Draw poses on photographs.

Lines and texts scale with the person's box, so that a person looks the same whatever the picture's
size; below 60 pixels they get no thinner, or nothing would be seen.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import as_floats, check_image, check_kind, check_texts
from ..arrays import as_float64
from ..class_names import PERSON
from .captions import Captions
from .drawing_style import DrawingStyle
from .drawn import bounded, drawn_joints
from .faces import blur_faces

if TYPE_CHECKING:
    from ..people import People
    from ..skeletons import Skeleton

__all__ = ["COLORS", "draw", "draw_boxes", "sides_of", "track_color"]

Array = np.ndarray[Any, np.dtype[Any]]

# RGB. Orange and blue stay apart for color-blind readers and on skin, grass, sky and snow.
COLORS = {"left": (255, 140, 0), "right": (0, 158, 255), "middle": (178, 232, 92)}
_OUTLINE = (22, 22, 26)
_BOX = (245, 245, 245)
_OPACITY = 0.88
# Lines of what is small, of faces and hands, to those of limbs.
_FINE = 0.35
# OpenCV takes coordinates in 1/16 pixel.
_SHIFT = 4


_STYLE = DrawingStyle()


def draw(image: Array, people: People, style: DrawingStyle = _STYLE) -> Array:
    """Draw the people of one image on a copy of it.

    Limbs and joints are orange on the person's left side, blue on the right, green in the middle
    and across; a limb is drawn when both its joints are. `drawn_joints` says who is left out. The
    largest person is drawn last. Where people were tracked, each identity has a color for its box,
    and is written in place of the index. Where the detector looks for anything but people, the
    class of each box is written, too. Who has no box that is finite is as large as the joints.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 3) uint8, RGB; left as it is.
    people : People
        The people of this image alone, as `People.split` gives them; coordinates in its pixels.
    style : DrawingStyle
        Who and what is drawn.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB, a new array.

    Raises
    ------
    TypeError, ValueError
        `image` is not (H, W, 3) uint8, or `people` or `style` is something else.
    """
    import cv2

    from ..people import People

    check_image("image", image)
    check_kind("people", people, People)
    check_kind("style", style, DrawingStyle)
    original = blur_faces(image, people) if style.blur_faces else np.ascontiguousarray(image)
    shown = drawn_joints(people, style)
    keypoints = bounded(as_float64(people.keypoints), image.shape)
    boxes = as_float64(people.boxes)
    known: Array = np.asarray(np.isfinite(boxes).all(axis=1))
    corners = bounded(boxes, image.shape)
    for person in np.flatnonzero(~known & shown.any(1)):
        joints = keypoints[person, shown[person]]
        corners[person] = [*joints.min(0), *joints.max(0)]

    ids = None if people.track_ids is None else people.track_ids.tolist()
    canvas = original.copy()
    sides = np.maximum(corners[:, 2:] - corners[:, :2], 1)
    order = [one for one in np.argsort(sides.prod(1), kind="stable") if shown[one].any()]
    if style.boxes:
        for person in filter(known.__getitem__, order):
            color = _BOX if ids is None or ids[person] < 1 else track_color(ids[person])
            _draw_box(canvas, corners[person], sides[person], color)
    for person in order:
        _draw_pose(canvas, keypoints[person], shown[person], people.skeleton, sides[person])
    drawing = cv2.addWeighted(canvas, _OPACITY, original, 1 - _OPACITY, 0)
    values = as_float64(people.scores)
    names = [] if people.classes == (PERSON,) else people.class_names
    captions = Captions(drawing)
    for person in reversed(order):
        number = str(person) if ids is None else str(ids[person]) if ids[person] > 0 else ""
        words = (
            names[person : person + 1]
            + [number] * style.numbers
            + [f"{values[person]:.2f}"] * style.scores
        )
        text = " ".join(filter(None, words))
        if text:
            top = keypoints[person][shown[person]].min(0)
            corner = corners[person] if style.boxes else top
            captions.write_person(text, corner, _size(sides[person]))
    if style.names:
        coarse = set(range(len(people.skeleton))) - {*people.skeleton.fine}
        for person in reversed(order):
            for joint in sorted(coarse & {*np.flatnonzero(shown[person]).tolist()}):
                name = people.skeleton.keypoints[joint].replace("_", " ")
                captions.write_joint(name, keypoints[person, joint], _size(sides[person]))
    return drawing


def draw_boxes(image: Array, boxes: Array, texts: Sequence[str]) -> Array:
    """Draw boxes on a copy of an image, the largest first.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 3) uint8, RGB; left as it is.
    boxes : numpy.ndarray
        (M, 4): ``x1, y1, x2, y2`` in its pixels. Those that are not finite are left out.
    texts : sequence of str
        What is written at the upper left corner of each.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB, a new array.

    Raises
    ------
    TypeError, ValueError
        An argument is none of the above.
    """
    check_image("image", image)
    boxes = as_floats("boxes", boxes, ("M", 4))
    check_texts("texts", texts, len(boxes), "box")
    drawing = np.ascontiguousarray(image).copy()
    known: Array = np.asarray(np.isfinite(boxes).all(axis=1))
    boxes = bounded(boxes, image.shape)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    captions = Captions(drawing)
    for index in map(int, np.argsort(-sides.prod(1), kind="stable")):
        if not known[index]:
            continue
        _draw_box(drawing, boxes[index], sides[index], _BOX)
        captions.write_person(texts[index], boxes[index], _size(sides[index]))
    return drawing


def track_color(track_id: int) -> tuple[int, int, int]:
    """Choose the color of an identity, RGB: neighboring numbers are far apart on the color wheel.

    Examples
    --------
    >>> track_color(1), track_color(2)
    ((77, 129, 255), (181, 255, 77))
    """
    hue = track_id * 0.618034 % 1  # The golden ratio's part fills the wheel most evenly.
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.7, 1.0))
    return red, green, blue


def sides_of(skeleton: Skeleton) -> list[str]:
    """Say of each keypoint whether it is ``"left"``, ``"right"`` or ``"middle"``.

    The flip pairs say which keypoints mirror each other, the names which of the two is right; where
    they do not, it is the second.

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


def _size(sides: Array) -> float:
    """Give a person's size in pixels, between the width and the height of the box."""
    return math.sqrt(float(sides.prod()))


def _draw_pose(
    canvas: Array, joints: Array, shown: Array, skeleton: Skeleton, box_sides: Array
) -> None:
    line = max(_size(box_sides) / 45, 1.0)
    edge = max(line * 0.28, 0.45)
    scale = np.ones(len(skeleton))
    scale[list(skeleton.fine)] = _FINE
    sides = sides_of(skeleton)
    limbs = [(a, b, min(scale[a], scale[b])) for a, b in skeleton.limbs if shown[a] and shown[b]]
    # All outlines first: they then frame the figure and do not cut across its limbs.
    for a, b, part in limbs:
        _draw_limb(canvas, joints[a], joints[b], part * (line + 2 * edge), _OUTLINE)
    for joint in np.flatnonzero(shown):
        _draw_disc(canvas, joints[joint], scale[joint] * (0.85 * line + edge), _OUTLINE)
    for a, b, part in limbs:
        touched = {sides[a], sides[b]} - {"middle"}
        _draw_limb(canvas, joints[a], joints[b], part * line,
                   COLORS[touched.pop() if len(touched) == 1 else "middle"])  # fmt: skip
    for joint in np.flatnonzero(shown):
        width = scale[joint] * line
        _draw_disc(canvas, joints[joint], 0.85 * width, COLORS[sides[joint]])
        if width >= 5:  # Smaller, OpenCV's circles turn into diamonds.
            _draw_disc(canvas, joints[joint], 0.4 * width, (255, 255, 255))


def _draw_limb(
    canvas: Array, start: Array, end: Array, width: float, color: tuple[int, ...]
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


def _draw_disc(canvas: Array, center: Array, radius: float, color: tuple[int, ...]) -> None:
    import cv2

    x, y = _fixed(center).tolist()
    fixed = max(round(radius * 2**_SHIFT), 1)
    cv2.circle(canvas, (x, y), fixed, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _draw_box(canvas: Array, corners: Array, sides: Array, color: tuple[int, ...]) -> None:
    import cv2

    thin = max(round(_size(sides) / 250), 1)
    x1, y1, x2, y2 = np.rint(corners).astype(int).tolist()
    # Whole pixels keep the edges crisp; the dark line around them shows on a bright ground.
    cv2.rectangle(canvas, (x1 - thin, y1 - thin), (x2 + thin, y2 + thin), _OUTLINE, thin)
    cv2.rectangle(canvas, (x1, y1), (x2, y2), color, thin)


def _fixed(points: Array) -> Array:
    fixed: Array = np.rint(points * 2**_SHIFT).astype(np.int32)
    return fixed
