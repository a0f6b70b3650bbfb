"""Result files: COCO JSON, AlphaPose JSON, JSON Lines, and the list of images.

Every writer takes the same *record* of an image, a dictionary as `record` and `error_record` make
it and as one line of a JSON Lines file holds it, so results can be read back and written in another
format. All numbers are rounded (1/1000 pixel, 1e-6 score), and no file ever holds NaN or infinity,
which JSON does not have: they are ``null`` in JSON Lines, 0 in the other formats.

A writer fills ``NAME.partial`` beside its file and renames it when closed, so a file that bears its
own name is complete and valid, even after an interruption.

Only JSON Lines and the list of images can express an image without people; COCO and AlphaPose JSON
list people, and an image without any does not appear in them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .people import People

Record = dict[str, Any]

# Largest integer that every JSON reader keeps exact.
_MAX_ID = 2**53 - 1
# Longest name that the file systems of Linux take, in bytes.
_MAX_NAME = 255
# What follows a file's name until the file is complete.
_PARTIAL = ".partial"
# A longer one is no suffix but a part of a name that holds a dot.
_MAX_SUFFIX = 16


@dataclass(frozen=True)
class ImageLabel:
    """What one input image is called in the results.

    Attributes
    ----------
    file : str
        The path it was read from, as given.
    name : str
        A file name, unique within the results, without folders.
    image_id : int
        A number, unique within the results.
    """

    file: str
    name: str
    image_id: int


def label_images(
    files: Iterable[str | os.PathLike[str]], known: Iterable[ImageLabel] = ()
) -> list[ImageLabel]:
    """Give every input image a name and a number of its own.

    The name is the file's; where two would collide (``a/x.jpg`` and ``b/x.jpg``, also when they
    differ in case only), the later one is joined with the folders it is in (``b_x.jpg``), and, if
    that does not help or grows too long for a file name, numbered (``b_x-2.jpg``). It never holds
    a folder, so nothing written under it leaves the output folder.

    The number is, as in COCO, the one at the end of the file's stem (``000000493652.jpg`` is
    493652); the later of two files with the same number, and files without one, get the lowest
    free numbers from 1. The list of images (`ImageListWriter`) says which is which.

    Parameters
    ----------
    files : iterable of str or path-like
        Paths, each listed once.
    known : iterable of ImageLabel
        Labels of earlier results, kept as they are.

    Returns
    -------
    list of ImageLabel
        One for each file, in order.

    Examples
    --------
    >>> [(label.name, label.image_id) for label in label_images(["a/7.jpg", "b/7.jpg", "me.png"])]
    [('7.jpg', 7), ('b_7.jpg', 1), ('me.png', 2)]
    """
    files = [Path(file) for file in files]
    earlier = {label.file: label for label in known}
    names = {drawing_name(label.name).casefold() for label in earlier.values()}
    ids = {label.image_id for label in earlier.values()}
    new = [file for file in files if file.as_posix() not in earlier]

    chosen = {}
    for file in new:
        trailing = re.search(r"[0-9]+$", file.stem)
        number = int(trailing.group()) if trailing and len(trailing.group()) < 19 else None
        if number is not None and number <= _MAX_ID and number not in ids:
            chosen[file] = number
            ids.add(number)
    free = 1
    for file in new:
        if file not in chosen:
            while free in ids:
                free += 1
            chosen[file] = free
            ids.add(free)

    labels = []
    for file in files:
        label = earlier.get(file.as_posix())
        if label is None:
            name = next(n for n in _names(file) if drawing_name(n).casefold() not in names)
            names.add(drawing_name(name).casefold())
            label = ImageLabel(file.as_posix(), name, chosen[file])
        labels.append(label)
    return labels


def drawing_name(name: str) -> str:
    """Name the drawing of an image: the same, with ``.jpg`` added unless it is JPEG or PNG.

    A name that is too long for a file with `partial_path`'s ending is cut before its suffix.

    Examples
    --------
    >>> drawing_name("street.png"), drawing_name("scan.tiff")
    ('street.png', 'scan.tiff.jpg')
    >>> len(drawing_name(251 * "a" + ".png"))
    247
    """
    stem, suffix = os.path.splitext(name)
    if suffix.lower() not in (".jpg", ".jpeg", ".png"):
        stem, suffix = name, ".jpg"
    return _cut(stem, _MAX_NAME - len(suffix + _PARTIAL)) + suffix


def _names(file: Path) -> Iterator[str]:
    """Propose names for an image, endlessly, each of a length that file systems take."""
    parts = [part for part in file.parts if part not in (file.anchor, ".", "..")]
    for depth in range(1, len(parts) + 1):
        name = "_".join(parts[-depth:])
        if len(os.fsencode(name)) <= _MAX_NAME:
            yield name
    stem, suffix = os.path.splitext("_".join(parts[-2:]))
    if len(os.fsencode(suffix)) > _MAX_SUFFIX:
        stem, suffix = stem + suffix, ""
    number = 2
    while True:
        ending = f"-{number}{suffix}"
        # Short enough for its drawing to keep the number.
        yield _cut(stem, _MAX_NAME - len(os.fsencode(ending)) - len(".jpg" + _PARTIAL)) + ending
        number += 1


def _cut(text: str, size: int) -> str:
    """Drop what is beyond a number of bytes, but no part of a character."""
    while len(os.fsencode(text)) > size:
        text = text[:-1]
    return text


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


class ResultWriter:
    """A text file that gets its name only when it is complete."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file = open(partial_path(self.path), "w", encoding="utf-8", newline="\n")
        self._start()

    def append(self, entry: Record) -> None:
        """Add one image's record."""
        raise NotImplementedError

    def flush(self) -> None:
        """Hand what was written so far to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Complete the file and give it its name; closing twice does nothing."""
        if self._file.closed:
            return
        try:
            self._finish()
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
        os.replace(partial_path(self.path), self.path)

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        # Also after an error: what was written until then is valid, and resuming needs it.
        self.close()

    def _start(self) -> None:
        pass

    def _finish(self) -> None:
        pass


class JSONLinesWriter(ResultWriter):
    """One line for each image: its record, as `record` and `error_record` describe it."""

    def append(self, entry: Record) -> None:
        self._file.write(_dumps(entry) + "\n")


class _ListWriter(ResultWriter):
    """A JSON list, one item on each line; written as it grows, so memory does not."""

    _OPENING, _CLOSING = "[", "\n]\n"

    def _start(self) -> None:
        self._file.write(self._OPENING)
        self._separator = "\n"

    def _add(self, item: Record) -> None:
        self._file.write(self._separator + _dumps(item))
        self._separator = ",\n"

    def _finish(self) -> None:
        self._file.write(self._CLOSING)


class COCOWriter(_ListWriter):
    """COCO keypoint results, as ``pycocotools`` loads them.

    A list with an item for each person: ``image_id`` (an integer, see `label_images`),
    ``category_id`` 1, ``keypoints`` [x, y, score, ...] in the order of the skeleton, ``score``.
    There is no box: with one, ``pycocotools`` would take the person's area from it.
    A joint that is not finite is 0, 0, 0.
    """

    def append(self, entry: Record) -> None:
        for person in entry.get("people", ()):
            self._add({
                "image_id": entry["image_id"],
                "category_id": 1,
                "keypoints": _flat_keypoints(person),
                "score": person["score"] or 0.0,
            })  # fmt: skip


class AlphaPoseWriter(_ListWriter):
    """Results in AlphaPose's default layout.

    A list with an item for each person: ``image_id`` (the image's name), ``category_id`` 1,
    ``keypoints`` [x, y, score, ...], ``score`` (mean keypoint score + box score + 1.25 times the
    greatest keypoint score), ``box`` [x, y, width, height], ``idx`` (the person's index in the
    image). What is not finite is 0.
    """

    def append(self, entry: Record) -> None:
        for index, person in enumerate(entry.get("people", ())):
            keypoints = _flat_keypoints(person)
            scores = keypoints[2::3]
            x1, y1, x2, y2 = (value or 0.0 for value in person["box"])
            score = sum(scores) / len(scores) + (person["box_score"] or 0.0) + 1.25 * max(scores)
            self._add({
                "image_id": entry["name"],
                "category_id": 1,
                "keypoints": keypoints,
                "score": round(score, 6),
                "box": [x1, y1, round(x2 - x1, 3), round(y2 - y1, 3)],
                "idx": index,
            })  # fmt: skip


class ImageListWriter(_ListWriter):
    """The images, those without people and the skipped ones included.

    ``{"images": [...]}`` with the fields COCO uses (``id``, ``file_name``, ``width``, ``height``),
    and ``file`` (the path as given), ``people`` (how many), or ``error`` where it was skipped.
    """

    _OPENING, _CLOSING = '{"images": [', "\n]}\n"

    def append(self, entry: Record) -> None:
        item = {"id": entry["image_id"], "file_name": entry["name"], "file": entry["file"]}
        if "error" in entry:
            item["error"] = entry["error"]
        else:
            item |= {"width": entry["width"], "height": entry["height"]}
            item["people"] = len(entry["people"])
        self._add(item)


def _flat_keypoints(person: Record) -> list[float]:
    flat: list[float] = []
    for (x, y), score in zip(person["keypoints"], person["keypoint_scores"], strict=True):
        flat += (0.0, 0.0, 0.0) if None in (x, y, score) else (x, y, score)
    return flat


def _dumps(item: Record) -> str:
    return json.dumps(item, allow_nan=False)


def partial_path(path: Path) -> Path:
    """Say where a file is until it is complete."""
    return path.with_name(path.name + _PARTIAL)


# What `rmpe infer --formats` offers: the file's name and its writer.
FORMATS: dict[str, tuple[str, type[ResultWriter]]] = {
    "jsonl": ("results.jsonl", JSONLinesWriter),
    "coco": ("coco-results.json", COCOWriter),
    "alphapose": ("alphapose-results.json", AlphaPoseWriter),
}
IMAGE_LIST = "images.json"


def names_in(folder: str | os.PathLike[str]) -> set[str]:
    """Collect the names of the images that the results in a folder tell of, skipped ones left out.

    Reads JSON Lines and the list of images, complete or not, as far as they can be read.
    """
    names = set()
    for file in (FORMATS["jsonl"][0], IMAGE_LIST):
        for path in (Path(folder, file), partial_path(Path(folder, file))):
            if not path.is_file():
                continue
            # Both hold one image on each line.
            for line in path.read_bytes().splitlines():
                try:
                    entry = json.loads(line.rstrip(b","))
                except ValueError:
                    continue
                if isinstance(entry, dict) and "error" not in entry:
                    names.add(entry.get("name", entry.get("file_name")))
    # A file that was tampered with must not lead out of the folder.
    return {name for name in names if isinstance(name, str) and Path(name).name == name}


def open_writers(folder: str | os.PathLike[str], formats: Sequence[str]) -> list[ResultWriter]:
    """Open the writer of each format in `formats` (keys of `FORMATS`), and of the list of images.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    chosen = [FORMATS[name] for name in formats] + [(IMAGE_LIST, ImageListWriter)]
    return [writer(Path(folder, name)) for name, writer in chosen]
