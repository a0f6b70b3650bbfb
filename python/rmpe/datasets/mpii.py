"""MPII Human Pose, in the JSON file that most projects train from: ``mpii_annotations.json``.

It is a list with an entry for each of 25,204 people. An entry also holds the joints of the other
people in its image, who may have no entry of their own: there are 28,883 people in 17,408 images.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..skeletons import MPII_16
from .dataset import Dataset
from .entries import Entries
from .files import find_files
from .json_file import read_json

__all__ = ["read"]

_JOINTS = f"x, y, visibility of {len(MPII_16)} joints, finite numbers"


def read(annotations: Path, images: Path | None, split: str | None = None) -> Dataset:
    """Read MPII annotations, gzipped or not; see `rmpe.datasets.load_dataset`.

    The file's coordinates begin at 1; here they begin at 0. A joint was not labeled where neither
    of its coordinates in the file is above 0: 0, 0 in MPII's own, -1, -1 in other files. MPII has
    neither boxes nor silhouettes: the box of a person is the extent of the labeled joints, and the
    area is the box's. The id of an image is its name, that of a person a number from 0 in each
    image.
    """
    entries = Entries(annotations, "people", read_json(annotations))
    names: list[str] = entries.column("img_paths", "text", (str,))
    index = {name: i for i, name in enumerate(dict.fromkeys(names))}
    of_image = np.array([index[name] for name in names], np.int64)
    first = entries.select(np.unique(of_image, return_index=True)[1].tolist())
    validation = entries.flags("isValidation")
    alike = validation == first.flags("isValidation")[of_image]
    entries.check(alike, "isValidation", "that of the other people in the image")

    found = find_files(first, "img_paths", images)
    sizes = np.zeros((len(first), 2), np.int64)
    for column, field in enumerate(("img_height", "img_width")):
        rule = "a whole number of pixels, from 1"
        values = entries.numbers(field, rule, least=1)
        entries.check(values == np.floor(values), field, rule)
        sizes[of_image, column] = values
        alike = values == sizes[of_image, column]
        entries.check(alike, field, "that of the other people in the image")

    others, with_others = _others(entries)
    joints = np.concatenate([_joints(entries, "joint_self"), _joints(others, "joint_others")])
    of_image = np.concatenate([of_image, of_image[with_others]])
    # The same person stands in the entries of all others in the image.
    keys = np.concatenate([of_image[:, None], joints.reshape(-1, 3 * len(MPII_16))], 1)
    unique = np.sort(np.unique(keys, axis=0, return_index=True)[1])
    order = unique[np.argsort(of_image[unique], kind="stable")]

    in_split = np.ones(len(first), np.bool_)
    if split is not None:
        in_split = first.flags("isValidation") == (split == "validation")
    kept = np.array([i for i in found if in_split[i]], np.int64)
    new_index = np.full(len(first), -1)
    new_index[kept] = np.arange(len(kept))
    order = order[new_index[of_image[order]] >= 0]
    image_index = new_index[of_image[order]]
    joints = joints[order]
    labeled = np.any(joints[..., :2] > 0, axis=2)
    points = joints[..., :2] - 1
    boxes = _extent(points, labeled)
    number = np.arange(len(order)) - np.searchsorted(image_index, image_index)
    unique_names = list(index)
    return Dataset(
        annotations=annotations,
        skeleton=MPII_16,
        image_ids=tuple(unique_names[i] for i in kept),
        paths=tuple(found[i] for i in kept.tolist()),
        image_sizes=sizes[kept],
        person_ids=tuple(number.tolist()),
        image_index=image_index,
        keypoints=points,
        visibility=np.where(labeled, 1 + joints[..., 2], 0),
        boxes=boxes,
        areas=(boxes[:, 2:] - boxes[:, :2]).prod(axis=1),
        crowd=np.zeros(len(order), np.bool_),
        missing=int(in_split.sum()) - len(kept),
    )


def _joints(entries: Entries, field: str) -> npt.NDArray[np.float64]:
    """x, y and visibility, 0 or 1, of all joints, (N, K, 3)."""
    joints = entries.arrays(field, (len(MPII_16), 3), _JOINTS)
    visibility = np.all(np.isin(joints[..., 2], (0, 1)), axis=1)
    entries.check(visibility, field, f"{_JOINTS}, with a visibility of 0 or 1")
    return joints


def _others(entries: Entries) -> tuple[Entries, list[int]]:
    """One entry for each person beside that of an entry, and the index of the latter."""
    rule = "the joints of as many people as numOtherPeople says"
    poses: list[object] = []
    rows: list[int] = []
    counts = entries.numbers("numOtherPeople", "a number, from 0", least=0)
    values = entries.column("joint_others", rule, (list, dict))
    for i, (value, count) in enumerate(zip(values, counts, strict=True)):
        # One other stands there alone, two in a list; of none there is a description of nothing.
        listed = [] if count == 0 else [value] if count == 1 else value
        if len(listed) != count:
            raise entries.error(i, "joint_others", rule)
        poses += listed
        rows += [i] * len(listed)
    return entries.select(rows).replaced("joint_others", poses), rows


def _extent(
    points: npt.NDArray[np.float64], labeled: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """``x1, y1, x2, y2`` of the labeled joints; all 0 where there is none."""
    mask = labeled[..., None]
    low = np.where(mask, points, np.inf).min(axis=1)
    high = np.where(mask, points, -np.inf).max(axis=1)
    return np.where(np.any(labeled, axis=1)[:, None], np.concatenate([low, high], axis=1), 0)
