"""What an image's result is: a dictionary of plain numbers, made from `People` and read back.

A *record* is what every format takes and what one line of a JSON Lines file holds, so results can
be read back and written in another format. All numbers are rounded (1/1000 pixel, 1e-6 score), and
none is NaN or infinity, which JSON does not have: they are None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..class_names import PERSON
from ..json_text import JsonError, parse_json
from .errors import ResultsError
from .labels import MAX_ID, ImageLabel, is_path, is_plain_name
from .values import (
    are_numbers,
    are_texts,
    check,
    check_keypoints,
    is_text,
    is_unicode,
    numbers,
    refuse,
    shown,
    whole,
)

if TYPE_CHECKING:
    from ..people import People
    from ..skeletons import Skeleton

__all__ = [
    "Record",
    "class_of",
    "error_record",
    "is_person",
    "known_skeleton",
    "label_of",
    "parse_record",
    "people_of",
    "record",
    "rounded",
    "tracked_record",
]

Record = dict[str, Any]

_PERSON = ("score", "keypoints", "keypoint_scores", "box", "box_score")
# Longest side of an image; Pillow and OpenCV take no longer one.
_MAX_SIDE = 2**31 - 1


def record(label: ImageLabel, people: People, time: float | None = None) -> Record:
    """Describe the people of one image in plain Python numbers.

    Parameters
    ----------
    label : ImageLabel
        What the image is called.
    people : People
        The people of this image alone, as `People.split` gives them.
    time : float, optional
        Of a frame, in seconds from the first of its video.

    Returns
    -------
    dict
        ``file``, ``name``, ``image_id``, ``time`` where it is known, ``width``, ``height``,
        ``skeleton`` (its name), and ``people``: a list, empty where there are none, of
        dictionaries with ``score``, ``keypoints`` [[x, y], ...] in pixels, ``keypoint_scores``,
        ``box`` [x1, y1, x2, y2] in pixels, and ``box_score``. Numbers that are not finite are None.
        Where people were tracked, ``track_id`` is a whole number from 1, or None. Where the
        detector looks for anything but people, ``class`` is its name.
    """
    ((height, width),) = people.image_sizes
    columns = zip(
        rounded(people.scores, 6),
        rounded(people.keypoints, 3),
        rounded(people.keypoint_scores, 6),
        rounded(people.boxes, 3),
        rounded(people.box_scores, 6),
        strict=True,
    )
    described: list[Record] = [dict(zip(_PERSON, person, strict=True)) for person in columns]
    if people.classes != (PERSON,):
        for person, name in zip(described, people.class_names, strict=True):
            person["class"] = name
    entry = {
        **_label(label, time),
        "width": int(width),
        "height": int(height),
        "skeleton": people.skeleton.name,
        "people": described,
    }
    return entry if people.track_ids is None else tracked_record(entry, people.track_ids.tolist())


def tracked_record(entry: Record, track_ids: Sequence[int]) -> Record:
    """Give the people of a record their identities, in order; one below 1 is none."""
    people = [
        {**person, "track_id": track_id if track_id > 0 else None}
        for person, track_id in zip(entry["people"], track_ids, strict=True)
    ]
    return {**entry, "people": people}


def class_of(person: Record) -> str:
    """Name the class of a person of a record."""
    name: str = person.get("class", PERSON)
    return name


def is_person(person: Record) -> bool:
    """Whether a person of a record is one, and no other class was found."""
    return class_of(person) == PERSON


def error_record(label: ImageLabel, error: str, time: float | None = None) -> Record:
    """Describe an image that was skipped: its label and, as ``error``, the reason."""
    return {**_label(label, time), "error": error}


def _label(label: ImageLabel, time: float | None) -> Record:
    entry = {"file": label.file, "name": label.name, "image_id": label.image_id}
    return entry if time is None else {**entry, "time": round(time, 6)}


def label_of(entry: Record) -> ImageLabel:
    """Give the label that a record holds."""
    return ImageLabel(entry["file"], entry["name"], entry["image_id"])


def rounded(values: Any, decimals: int) -> list[Any]:
    """Round a tensor or array, as records have numbers: None for what is not finite in float32."""
    import numpy as np  # Here, to keep `rmpe --help` fast.

    from ..arrays import as_float64, within_float32

    floats = as_float64(values)
    held = within_float32(floats)
    # Adding 0 turns -0.0 into 0.0.
    rounded = (np.round(np.where(held, floats, 0.0), decimals) + 0.0).astype(object)
    rounded[~held] = None
    result: list[Any] = rounded.tolist()
    return result


def known_skeleton(entry: Record) -> Skeleton:
    """Look up the skeleton that a record names.

    Raises
    ------
    ResultsError
        It is none of `rmpe.skeletons.SKELETONS`; the message names the file.
    """
    from ..skeletons import SKELETONS

    skeleton = SKELETONS.get(entry["skeleton"])
    if skeleton is None:
        raise ResultsError(
            f"{entry['file']}: skeleton must be one of {', '.join(SKELETONS)}, "
            f"got {entry['skeleton']!a}"
        )
    return skeleton


def people_of(entry: Record, skeleton: Skeleton, drawn_score: float | None = None) -> People:
    """Make `People` of a record again; the opposite of `record`.

    Parameters
    ----------
    entry : dict
        A record of an image that was not skipped.
    skeleton : Skeleton
        The one that the record names.
    drawn_score : float, optional
        Theirs, for drawings; it is in ``run.json`` (`rmpe.outputs.run_file`), and in no record.

    Returns
    -------
    People
        float32, on the CPU, as rounded; NaN where the record holds None.

    Raises
    ------
    ResultsError
        The record's people do not have as many keypoints as the skeleton.
    """
    import numpy as np
    import torch

    from ..people import People

    check_keypoints(entry, skeleton)
    people, k = entry["people"], len(skeleton)

    def column(name: str, *shape: int) -> torch.Tensor:
        values = np.array([person[name] for person in people], np.float32)
        return torch.from_numpy(values.reshape(len(people), *shape))

    track_ids = None
    if people and all("track_id" in person for person in people):
        ids = [person["track_id"] or -1 for person in people]  # -1, as `People` has it, for none.
        track_ids = torch.tensor(ids, dtype=torch.int64, device="cpu")
    names = [class_of(person) for person in people]
    classes = tuple(dict.fromkeys(names)) or (PERSON,)
    of_class = torch.tensor([classes.index(name) for name in names], device="cpu")
    return People(
        keypoints=column("keypoints", k, 2),
        keypoint_scores=column("keypoint_scores", k),
        boxes=column("box", 4),
        box_scores=column("box_score"),
        scores=column("score"),
        image_index=torch.zeros(len(people), dtype=torch.int64, device="cpu"),
        image_sizes=((entry["height"], entry["width"]),),
        skeleton=skeleton,
        track_ids=track_ids,
        class_index=of_class if len(classes) > 1 else None,
        classes=classes,
        drawn_score=drawn_score,
    )


def parse_record(line: bytes) -> Record:
    """Read one line of a JSON Lines file.

    Fields that `record` does not write are kept, so that later versions may write more.

    Parameters
    ----------
    line : bytes
        Any bytes at all.

    Returns
    -------
    dict
        A record as `record` or `error_record` makes it.

    Raises
    ------
    ResultsError
        It is none; the message names the field and the rule.

    Examples
    --------
    >>> parse_record(b'{"file": "a/b.jpg", "name": "../b.jpg", "image_id": 3, "error": "gone"}')
    Traceback (most recent call last):
    rmpe.outputs.errors.ResultsError: name must be a file name without folders, got '../b.jpg'
    """
    from ..skeletons import SKELETONS

    infinite: list[str] = []

    def number(text: str) -> float:
        value = float(text)
        if math.isinf(value):
            infinite.append(text)
        return value

    try:
        entry = parse_json(line, parse_constant=refuse, parse_float=number)
    except JsonError as error:
        raise ResultsError(str(error)) from None
    except (ValueError, RecursionError):  # Numbers of thousands of digits are a ValueError too.
        raise ResultsError("must be a JSON object") from None
    if not isinstance(entry, dict):
        raise ResultsError("must be a JSON object")
    check(entry, "file", "a path", is_path)
    check(entry, "name", "a file name without folders", is_plain_name)
    check(entry, "image_id", f"a whole number from 0 to {MAX_ID}", whole(0, MAX_ID))
    if "time" in entry:
        check(entry, "time", "a number or null", lambda time: are_numbers([time]))
    if "error" in entry:
        check(entry, "error", "text", is_text)
        if "people" in entry:
            raise ResultsError("people must be missing where there is an error")
        return entry
    if "derived" in entry:  # Written by `rmpe.conversion`.
        check(entry, "derived", "a list of texts", are_texts)
    for side in ("width", "height"):
        check(entry, side, f"a whole number from 1 to {_MAX_SIDE}", whole(1, _MAX_SIDE))
    check(entry, "skeleton", "text", is_text)
    check(entry, "people", "a list", lambda people: isinstance(people, list))
    for person in entry["people"]:
        _check_person(person)
    # A later version may know more skeletons.
    skeleton = SKELETONS.get(entry["skeleton"])
    if skeleton is not None:
        check_keypoints(entry, skeleton)
    if infinite:  # In a field that is not known.
        raise ResultsError(f"numbers must be finite, got {shown(infinite[0])}")
    return entry


def _check_person(person: Any) -> None:
    if not isinstance(person, dict):
        raise ResultsError(f"people must hold JSON objects, got {shown(person)}")
    for name in ("score", "box_score"):
        check(person, name, "a number or null", lambda score: are_numbers([score]))
    check(person, "box", "four numbers", numbers(4))
    check(
        person,
        "keypoints",
        "a list of pairs of numbers",
        lambda keypoints: (
            isinstance(keypoints, list)
            and len(keypoints) > 0
            and {*map(type, keypoints)} == {list}
            and {*map(len, keypoints)} == {2}
            and are_numbers(list(chain.from_iterable(keypoints)))
        ),
    )
    count = len(person["keypoints"])
    check(person, "keypoint_scores", f"{count} numbers, one a keypoint", numbers(count))
    if "class" in person:
        check(person, "class", "text", is_unicode)
    if person.get("track_id") is not None:
        check(person, "track_id", f"a whole number from 1 to {MAX_ID}", whole(1, MAX_ID))
