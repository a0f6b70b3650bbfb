"""What a run is to do."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .journal import Done
from .labels import ImageLabel, identifier, name_images

__all__ = ["Work", "plan_work"]


@dataclass(frozen=True, slots=True)
class Work:
    """An image that is to be worked on.

    Attributes
    ----------
    path : Path
        Where to read it.
    label : ImageLabel
        What it is called in the results.
    has_record : bool
        Only its pictures are missing.
    place : int
        Among all images of the run, those that are done included.
    position : int
        Among those of its folder or video.
    """

    path: Path
    label: ImageLabel
    has_record: bool
    place: int
    position: int


def plan_work(
    paths: Iterable[Path],
    done: Mapping[str, Done],
    has_pictures: Callable[[ImageLabel, tuple[int, int]], bool],
    *,
    before: str,
    current: str,
) -> tuple[list[ImageLabel], list[Work]]:
    """Name the images of a run, and say what is left to be done.

    Parameters
    ----------
    paths : iterable of Path
        The images; one that is there in two spellings is taken once.
    done : mapping
        What is known of those that have a record, by their ``file``.
    has_pictures : callable
        Gets the label of an image and its size; whether all wanted pictures of it are there.
    before, current : str
        What relative paths start from: those of the records, empty where that is not known, and
        these.

    Returns
    -------
    labels : list of ImageLabel
        Of the images, each once.
    work : list of Work
        In order, those that have no record, that were skipped before, or that lack only pictures.
    """
    identify = identifier(current)
    distinct: dict[str, Path] = {}
    for path in paths:
        distinct.setdefault(identify(path), path)
    # What is relative to another folder than the earlier paths is written in full.
    files = distinct if before not in ("", current) else distinct.values()
    known = [one.label for one in done.values()]
    labels = name_images(files, known, directory=before, current=current)
    work = []
    positions: Counter[str] = Counter()
    for place, (path, label) in enumerate(zip(distinct.values(), labels, strict=True)):
        found = done.get(label.file)
        size = None if found is None else found.size
        position = positions[os.path.dirname(label.file)]
        positions[os.path.dirname(label.file)] += 1
        if size is None or not has_pictures(label, size):
            work.append(Work(path, label, size is not None, place, position))
    return labels, work
