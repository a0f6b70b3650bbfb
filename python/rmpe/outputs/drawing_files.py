"""Drawings as files: one for each image, under the image's name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..skeletons import Skeleton
from .drawing import draw
from .drawing_style import DrawingStyle
from .files import Directory
from .labels import ImageLabel, drawing_name
from .records import Record, known_skeleton, label_of, people_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Drawings", "check_image", "drawing_file", "encode_image"]

_JPEG_QUALITY = 92
# Longest side that libjpeg encodes, in pixels.
_MAX_JPEG_SIDE = 65_500


def drawing_file(label: ImageLabel, size: tuple[int, int]) -> str:
    """Name the file of a drawing: PNG in place of JPEG where a side is beyond 65,500 pixels."""
    return drawing_name(label.name, wide=max(size) > _MAX_JPEG_SIDE)


class Drawings:
    """The drawings in a folder.

    Parameters
    ----------
    directory : Directory
        The folder.
    style : DrawingStyle
        Who and what is drawn.
    drawn_score : float, optional
        Of the people (`rmpe.People`).
    """

    def __init__(
        self, directory: Directory, style: DrawingStyle, drawn_score: float | None = None
    ) -> None:
        self._directory = directory
        self._style, self._drawn_score = style, drawn_score

    def make(self, image: np.ndarray, entry: Record, skeleton: Skeleton | None = None) -> None:
        """Draw the people of a record on its image and write the drawing.

        Parameters
        ----------
        image : numpy.ndarray
            (H, W, 3) uint8, RGB.
        entry : dict
            The record of the image.
        skeleton : Skeleton, optional
            The one that the record names; looked up among the known ones where omitted.

        Raises
        ------
        ValueError
            The record is not of this image, or the drawing cannot be encoded.
        OSError
            The file cannot be written.
        """
        check_image(image, entry)
        skeleton = skeleton or known_skeleton(entry)
        drawing = draw(image, people_of(entry, skeleton, self._drawn_score), self._style)
        name = drawing_file(label_of(entry), image.shape[:2])
        # Not handed to the disk one by one: one that a loss of power costs is made again.
        with self._directory.replacing(name, sync=False) as file:
            file.write(encode_image(drawing, name))


def check_image(image: np.ndarray, entry: Record) -> None:
    """Raise ValueError unless an image has the size that its record tells."""
    size = (entry["height"], entry["width"])
    if image.shape[:2] != size:
        raise ValueError(
            f"the image must be the one of the results, {size[1]} x {size[0]} pixels, "
            f"got {image.shape[1]} x {image.shape[0]}"
        )


def encode_image(image: np.ndarray, name: str) -> bytes:
    """Encode an image (H, W, 3), uint8, RGB, as the name of its file has it: JPEG or PNG.

    Raises
    ------
    ValueError
        OpenCV cannot encode it.
    """
    import cv2

    suffix = Path(name).suffix.lower()
    options = [] if suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    done, encoded = cv2.imencode(suffix, image[:, :, ::-1], options)
    if not done:
        raise ValueError(
            f"OpenCV cannot write {image.shape[1]} x {image.shape[0]} pixels as {suffix}"
        )
    return encoded.tobytes()
