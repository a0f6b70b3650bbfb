"""The pictures of a run, drawings and crops, each kind in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack

import numpy as np

from ..skeletons import Skeleton
from .crops import Crops, crop_areas
from .drawing_files import Drawings, drawing_file
from .drawing_style import DrawingStyle
from .earlier_results import CROPS, DRAWINGS
from .errors import ResultsError
from .files import Directory
from .labels import crops_among
from .records import Record, known_skeleton, label_of, people_of

__all__ = ["Pictures", "begin_pictures", "complete_files", "has_crops", "remove_pictures"]


class Pictures:
    """What is made of each image.

    Parameters
    ----------
    parts : sequence of Drawings or Crops
        At least one.
    """

    def __init__(self, parts: Sequence[Drawings | Crops]) -> None:
        self._parts = parts

    @property
    def kinds(self) -> str:
        """What is made, for messages."""
        names = {Drawings: "drawing", Crops: "crops"}
        return " or ".join(names[type(part)] for part in self._parts)

    def make(self, image: np.ndarray, entry: Record, skeleton: Skeleton | None = None) -> None:
        """Make and write all pictures of an image; see `Drawings.make`."""
        for part in self._parts:
            part.make(image, entry, skeleton)


def begin_pictures(
    directory: Directory,
    stack: ExitStack,
    style: DrawingStyle | None,
    crops: DrawingStyle | None,
    drawn_score: float | None,
) -> Pictures | None:
    """Make the folders of what is wanted, and hold them open until the stack is closed."""
    parts: list[Drawings | Crops] = []
    if style is not None:
        directory.make_subfolder(DRAWINGS)
        folder = stack.enter_context(directory.subfolder(DRAWINGS))
        parts.append(Drawings(folder, style, drawn_score))
    if crops is not None:
        directory.make_subfolder(CROPS)
        folder = stack.enter_context(directory.subfolder(CROPS))
        parts.append(Crops(folder, crops, drawn_score))
    return Pictures(parts) if parts else None


def complete_files(directory: Directory, name: str) -> set[str]:
    """List the pictures in a folder; none where it is missing."""
    try:
        with directory.subfolder(name) as folder:
            # An empty one is what a loss of power leaves.
            return {file for file, size in folder.sizes().items() if size > 0}
    except FileNotFoundError:
        return set()


def has_crops(
    entry: Record, style: DrawingStyle, files: set[str], drawn_score: float | None
) -> bool:
    """Whether all crops of a record are among files."""
    try:
        people = people_of(entry, known_skeleton(entry), drawn_score)
    except ResultsError:  # Making them says why they cannot be made.
        return False
    return files.issuperset(crop_areas(entry, people, style))


def remove_pictures(directory: Directory, entries: Iterable[Record]) -> None:
    """Remove all pictures of images."""
    drawings = {
        drawing_file(label_of(entry), (entry["height"], entry["width"])) for entry in entries
    }
    if directory.mode(DRAWINGS) is not None:
        with directory.subfolder(DRAWINGS) as folder:
            for file in drawings:
                folder.remove(file)
    if directory.mode(CROPS) is not None:
        with directory.subfolder(CROPS) as folder:
            for file in crops_among(folder.sizes(), drawings):
                folder.remove(file)
