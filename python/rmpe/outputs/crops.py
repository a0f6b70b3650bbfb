"""Crops as files: each person who is drawn, cut out of the image by the box."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import as_float64
from ..skeletons import Skeleton
from .drawing_files import check_image, drawing_file, encode_image
from .drawing_style import DrawingStyle
from .drawn import drawn_joints
from .faces import blur_faces
from .files import Directory
from .labels import crop_name
from .records import Record, known_skeleton, label_of, people_of

if TYPE_CHECKING:
    from ..people import People

__all__ = ["Crops", "crop_areas"]


class Crops:
    """The crops in a folder.

    Parameters
    ----------
    directory : Directory
        The folder.
    style : DrawingStyle
        Who is cut out: those whom it draws. With `DrawingStyle.blur_faces`, faces are
        unrecognizable here too.
    drawn_score : float, optional
        Of the people (`rmpe.People`).
    """

    def __init__(
        self, directory: Directory, style: DrawingStyle, drawn_score: float | None = None
    ) -> None:
        self._directory = directory
        self._style, self._drawn_score = style, drawn_score

    def make(self, image: np.ndarray, entry: Record, skeleton: Skeleton | None = None) -> None:
        """Write the crops of the people of a record; see `Drawings.make`."""
        check_image(image, entry)
        people = people_of(entry, skeleton or known_skeleton(entry), self._drawn_score)
        if self._style.blur_faces:
            image = blur_faces(image, people)
        for name, (x1, y1, x2, y2) in crop_areas(entry, people, self._style).items():
            content = encode_image(image[y1:y2, x1:x2], name)
            with self._directory.replacing(name, sync=False) as file:
                file.write(content)


def crop_areas(
    entry: Record, people: People, style: DrawingStyle
) -> dict[str, tuple[int, int, int, int]]:
    """Say which crops there are of an image: the names of their files, and what they show.

    Parameters
    ----------
    entry : dict
        The record of the image.
    people : People
        Those of the record.
    style : DrawingStyle
        Who is drawn.

    Returns
    -------
    dict of str to (int, int, int, int)
        ``x1, y1, x2, y2`` in pixels, whole ones and inside of the image, as a slice takes them.
        People of whose box nothing is inside have no crop.
    """
    height, width = entry["height"], entry["width"]
    drawing = drawing_file(label_of(entry), (height, width))
    shown = drawn_joints(people, style).any(1)
    boxes = as_float64(people.boxes)
    areas = {}
    for index in map(int, np.flatnonzero(shown & np.isfinite(boxes).all(1))):
        x1, y1, x2, y2 = boxes[index].clip(0, [width, height, width, height])
        area = (math.floor(x1), math.floor(y1), math.ceil(x2), math.ceil(y2))
        if area[0] < area[2] and area[1] < area[3]:
            track_id = entry["people"][index].get("track_id")
            areas[crop_name(drawing, index, track_id)] = area
    return areas
