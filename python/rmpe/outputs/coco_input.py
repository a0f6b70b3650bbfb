"""COCO files read as records, so that results of other programs can be converted and tracked.

Results are a list of people, as `rmpe.outputs.coco` and many others write it; another file names
the images, and has their sizes. Annotations hold everything themselves. The records are those of
`rmpe.outputs.records`: written as COCO again, they give what was read, of people and their body.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.coco import check_unique, person_category, read_boxes, read_keypoints
from ..datasets.dataset import DatasetError
from ..datasets.entries import Entries
from ..datasets.json_file import read_json
from ..listing import listed
from ..skeletons import COCO_17, SKELETONS, Skeleton
from .errors import ResultsError
from .labels import MAX_ID, is_path, name_images
from .records import Record, parse_record
from .unread import UNREAD, refusal
from .values import whole

__all__ = ["read_coco"]


def read_coco(
    file: Path, images: Path | None = None, skeleton: Skeleton | None = None
) -> list[Record]:
    """Read COCO keypoint results or annotations.

    Parameters
    ----------
    file : Path
        A list of people, or annotations: an object with ``images``, ``annotations`` and
        ``categories``.
    images : Path, optional
        Of results: a file whose ``images`` have ``id``, ``file_name``, ``width`` and ``height``,
        such as ``images.json`` or annotations; those without people are listed too. Where an image
        has ``file``, that is its path.
    skeleton : Skeleton, optional
        Of results: whose keypoints they are; where omitted, the one that the file of images names,
        or else the only one with as many keypoints.

    Returns
    -------
    list of dict
        A record of each image, in the order of ``images``. Where a person has no ``bbox``, the box
        is the smallest around the keypoints that score above 0. Of annotations, keypoints that are
        labeled score 1, the others 0; people score 1 unless they have ``score``. Crowds, other
        classes than people, and the fields of feet, face and hands are left out.

    Raises
    ------
    ResultsError
        A file cannot be read or is no such file, or the skeleton is not known; the message says
        which, and what to do.

    Examples
    --------
    >>> from pathlib import Path
    >>> records = read_coco(Path("coco-results.json"), Path("images.json"))  # doctest: +SKIP
    """
    if file.suffix.lower() in UNREAD:
        raise ResultsError(refusal(file))
    try:
        content = read_json(file)
        if isinstance(content, list):
            return _results(Entries(file, "results", content), images, skeleton)
        return _annotations(file, content, images, skeleton)
    except DatasetError as error:
        raise ResultsError(str(error)) from None


def _results(people: Entries, images: Path | None, skeleton: Skeleton | None) -> list[Record]:
    if people and all(isinstance(person.get("image_id"), str) for person in people):
        raise ResultsError(refusal(people.file, list(people)))
    if images is None:
        raise ResultsError(
            f"{people.file}: COCO results hold neither names nor sizes of images; name a file that "
            "does with --images: annotations, or images.json beside the results"
        )
    must = "--images must be a file with images, as COCO annotations and images.json are"
    try:
        content = read_json(images)
    except DatasetError as error:
        raise ResultsError(f"{must}: {error}") from None
    if not isinstance(content, dict) or "images" not in content:
        raise ResultsError(f"{must}, got {images}")
    if skeleton is None and "categories" in content:
        skeleton = person_category(Entries(images, "categories", content["categories"]))[1]
    lengths = {len(flat) for flat in people.column("keypoints", "a list of numbers", (list,))}
    skeleton = skeleton or _only_one(people.file, lengths)
    size = 3 * len(skeleton)
    rule = f"x, y, score of the {len(skeleton)} keypoints of {skeleton.name}, {size} finite numbers"
    people.arrays("keypoints", (size,), rule)
    people.numbers("score", "a number")
    return _records(Entries(images, "images", content["images"]), people, skeleton)


def _only_one(file: Path, lengths: set[int]) -> Skeleton:
    """Tell the skeleton from the number of keypoints."""
    if not lengths:
        return COCO_17  # Of nobody.
    known = [one for one in SKELETONS.values() if {3 * len(one)} == lengths]
    if len(known) == 1:
        return known[0]
    names = " or ".join(one.name for one in known) or "those of no skeleton that is known"
    counts = listed(f"{length / 3:g}" for length in sorted(lengths))
    raise ResultsError(
        f"{file}: {counts} keypoints are {names}: choose --source-skeleton, one of "
        f"{', '.join(SKELETONS)}"
    )


def _annotations(
    file: Path, content: Any, images: Path | None, skeleton: Skeleton | None
) -> list[Record]:
    if not isinstance(content, dict) or not content.keys() >= {
        "images", "annotations", "categories"
    }:  # fmt: skip
        raise ResultsError(refusal(file, content))
    if images is not None or skeleton is not None:
        raise ResultsError(
            f"{file}: COCO annotations name their images and keypoints themselves; leave out "
            "--images and --source-skeleton"
        )
    categories = Entries(file, "categories", content["categories"])
    category, skeleton = person_category(categories)
    found = Entries(file, "annotations", content["annotations"])
    of_category = found.references("category_id", categories.unique_ids(), "categories")
    said = [i for i, item in enumerate(found) if "iscrowd" in item]
    crowd = dict(zip(said, found.select(said).flags("iscrowd").tolist(), strict=True))
    people = found.select(
        [i for i, one in enumerate(of_category.tolist()) if one == category and not crowd.get(i)]
    )
    read_keypoints(people, len(skeleton))
    listed = Entries(file, "images", content["images"])
    return _records(listed, people, skeleton, annotated=True)


def _records(
    images: Entries, people: Entries, skeleton: Skeleton, *, annotated: bool = False
) -> list[Record]:
    """Put the people of each image together."""
    ids = images.unique_ids()
    rule = f"a whole number from 0 to {MAX_ID}"
    images.check(_each(whole(0, MAX_ID), ids), "id", rule)
    references = people.references("image_id", ids, f"images in {images.file}")
    _check_people(people, references)
    of_image = defaultdict(list)
    for index, person in zip(references.tolist(), people, strict=True):
        of_image[index].append(person)
    names = images.column("file_name", "a path", (str,))
    images.check(_each(is_path, names), "file_name", "a path")
    files = images.column("file", "a path", (str,), default="")
    images.check(_each(lambda file: file == "" or is_path(file), files), "file", "a path")
    records: list[Record] = []
    taken: set[str] = set()
    for i, (item, file, label) in enumerate(zip(images, files, name_images(names), strict=True)):
        entry: Record = {"file": file or names[i], "name": label.name, "image_id": ids[i]}
        if not taken.isdisjoint((f"name {label.name}", f"file {entry['file']}")):
            raise images.error(i, "file_name", "of another file than those before")
        taken |= {f"name {label.name}", f"file {entry['file']}"}
        if "error" in item and not of_image[i]:
            entry["error"] = item["error"]
        else:
            entry |= {side: item.get(side) for side in ("width", "height")}
            entry["skeleton"] = skeleton.name
        try:
            if "error" not in entry:
                entry["people"] = [_person(person, annotated) for person in of_image[i]]
            records.append(parse_record(json.dumps(entry).encode()))
        except ResultsError as error:
            raise ResultsError(f"{images.file}: {images.place(i)}: {error}") from None
    return records


def _check_people(people: Entries, of_image: npt.NDArray[np.int64]) -> None:
    """Check what a person may lack: the id, the box, the score and the identity."""

    def those_with(field: str) -> Entries:
        return people.select([i for i, one in enumerate(people) if one.get(field) is not None])

    places = [i for i, one in enumerate(people) if one.get("id") is not None]
    numbered = people.select(places)
    check_unique(numbered, numbered.ids("id"), of_image[places])
    read_boxes(those_with("bbox"))
    those_with("score").numbers("score", "a number")
    rule = f"a whole number from 1 to {MAX_ID}"
    tracked = those_with("track_id")
    identities = tracked.column("track_id", rule, (int,))
    tracked.check(_each(whole(1, MAX_ID), identities), "track_id", rule)


def _each(check: Callable[[Any], bool], values: Sequence[Any]) -> npt.NDArray[np.bool_]:
    return np.array([check(value) for value in values], np.bool_)


def _person(item: dict[str, Any], annotated: bool) -> Record:
    flat = item["keypoints"]
    keypoints = [list(pair) for pair in zip(flat[::3], flat[1::3], strict=True)]
    scores = [float(visibility > 0) for visibility in flat[2::3]] if annotated else flat[2::3]
    person = {
        "score": item.get("score", 1.0),
        "keypoints": keypoints,
        "keypoint_scores": scores,
        "box": _box(item.get("bbox"), keypoints, scores),
        "box_score": None,
    }
    return person if item.get("track_id") is None else {**person, "track_id": item["track_id"]}


def _box(
    bbox: Any, keypoints: Sequence[Sequence[float]], scores: Sequence[float]
) -> list[float | None]:
    if bbox is not None:
        x, y, width, height = bbox
        return [x, y, round(x + width, 3), round(y + height, 3)]
    sure = [point for point, score in zip(keypoints, scores, strict=True) if score > 0]
    if not sure:
        return [None] * 4
    xs, ys = zip(*sure, strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]
