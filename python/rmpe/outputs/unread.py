"""What cannot be read as results: what it is, and what can be read in its place."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path
from typing import Any

from .jsonl import JSON_LINES

__all__ = ["UNREAD", "refusal"]

# Kinds of files, by how their names end; what is read ends in none of these.
UNREAD = {
    ".csv": "a table (CSV)",
    ".parquet": "a table (Parquet)",
    ".jsonl": "JSON Lines without their folder",
}

_OPENPOSE = re.compile(r".*_keypoints\.json")
# Files of a folder that are looked at.
_MOST_FILES = 1000


def refusal(path: Path, content: object = None) -> str:
    """Say that something cannot be read as results.

    Parameters
    ----------
    path : Path
        The file or folder.
    content : object
        What the file holds as JSON; None where it holds something else.

    Returns
    -------
    str
        What is read, what this is, and what to do.

    Examples
    --------
    >>> from textwrap import fill
    >>> print(fill(refusal(Path("somewhere/keypoints.csv")), 80))
    somewhere/keypoints.csv: results are read from a folder with results.jsonl, or,
    by rmpe convert, from COCO results or annotations (.json), got a table (CSV);
    name what it was made from
    """
    near = next(
        (one for one in path.parents[:2] if os.path.isfile(one / JSON_LINES.file_name)), None
    )
    remedy = "what it was made from" if near is None else f"the folder {near}"
    return (
        f"{path}: results are read from a folder with {JSON_LINES.file_name}, or, by rmpe convert, "
        f"from COCO results or annotations (.json), got {_kind(path, content)}; name {remedy}"
    )


def _kind(path: Path, content: Any) -> str:
    if os.path.isdir(path):
        files = (file.name for file in islice(path.iterdir(), _MOST_FILES))
        openpose = any(map(_OPENPOSE.fullmatch, files))
        return "a folder of OpenPose's files" if openpose else "a folder without records"
    if isinstance(content, list):
        return "AlphaPose's results: their image_id is a name"
    if isinstance(content, dict):
        if "people" in content:
            return "OpenPose's file of one image"
        if "images" in content:
            return "a list of images"
    return UNREAD.get(path.suffix.lower(), "a file of another kind")
