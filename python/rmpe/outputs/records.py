"""What an image's result is: a dictionary of plain numbers, made from `People` and read back.

A *record* is what every writer takes and what one line of a JSON Lines file holds, so results can
be read back and written in another format. All numbers are rounded (1/1000 pixel, 1e-6 score), and
none is NaN or infinity, which JSON does not have: they are None.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import partial_path
from .labels import ImageLabel

if TYPE_CHECKING:
    from ..people import People

Record = dict[str, Any]


def record(label: ImageLabel, people: People) -> Record:
    """Describe the people of one image in plain Python numbers.

    Parameters
    ----------
    label : ImageLabel
        What the image is called.
    people : People
        The people of this image alone, as `People.split` gives them.

    Returns
    -------
    dict
        ``file``, ``name``, ``image_id``, ``width``, ``height``, ``skeleton`` (its name), and
        ``people``: a list, empty where there are none, of dictionaries with ``score``,
        ``keypoints`` [[x, y], ...] in pixels, ``keypoint_scores``, ``box`` [x1, y1, x2, y2] in
        pixels, and ``box_score``. Numbers that are not finite are None.
    """
    ((height, width),) = people.image_sizes
    columns = zip(
        _rounded(people.scores, 6),
        _rounded(people.keypoints, 3),
        _rounded(people.keypoint_scores, 6),
        _rounded(people.boxes, 3),
        _rounded(people.box_scores, 6),
        strict=True,
    )
    fields = ("score", "keypoints", "keypoint_scores", "box", "box_score")
    return {
        "file": label.file,
        "name": label.name,
        "image_id": label.image_id,
        "width": int(width),
        "height": int(height),
        "skeleton": people.skeleton.name,
        "people": [dict(zip(fields, person, strict=True)) for person in columns],
    }


def error_record(label: ImageLabel, error: str) -> Record:
    """Describe an image that was skipped: its label and, as ``error``, the reason."""
    return {
        "file": label.file,
        "name": label.name,
        "image_id": label.image_id,
        "error": error,
    }


def label_of(entry: Record) -> ImageLabel:
    """Give the label that a record holds."""
    return ImageLabel(entry["file"], entry["name"], entry["image_id"])


def _rounded(values: Any, decimals: int) -> list[Any]:
    import numpy as np  # Here, to keep `rmpe --help` fast.

    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    values = np.asarray(values, np.float64)
    # Adding 0 turns -0.0 into 0.0.
    rounded = (np.round(values, decimals) + 0.0).astype(object)
    rounded[~np.isfinite(values)] = None
    return rounded.tolist()


def read_records(path: str | os.PathLike[str]) -> list[Record]:
    """Read the records of a JSON Lines file, and those an interrupted run left in its ``.partial``.

    Parameters
    ----------
    path : str or path-like
        The file's own name, without ``.partial``; neither file needs to exist.

    Returns
    -------
    list of dict
        Records as `record` and `error_record` make them; the later one of two for the same file.

    Raises
    ------
    ValueError
        A line is not such a record. An unfinished last line of the partial file is dropped.
    """
    path = Path(path)
    found: dict[str, Record] = {}
    for part in (path, partial_path(path)):
        if not part.exists():
            continue
        lines = part.read_bytes().split(b"\n")
        if lines.pop() and part == path:
            raise ValueError(f"{part}: the last line is unfinished")
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                label_of(entry)
                entry["people" if "error" not in entry else "error"]
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{part}: line {number} is not a record of rmpe") from None
            found[entry["file"]] = entry
    return list(found.values())
