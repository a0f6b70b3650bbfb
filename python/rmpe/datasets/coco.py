"""COCO keypoint annotations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..listing import listed
from ..skeletons import COCO_17, SKELETONS, Skeleton
from .dataset import Dataset, DatasetError, Id
from .entries import LARGEST, Entries, shown
from .files import find_files
from .json_file import read_json

__all__ = [
    "check_unique",
    "corners",
    "person_category",
    "read",
    "read_boxes",
    "read_keypoints",
    "read_parts",
    "sort_by_image",
]

_PARTS = ("images", "annotations", "categories")


def read(annotations: Path, images: Path | None) -> Dataset:
    """Read COCO keypoint annotations; see `rmpe.datasets.load_dataset`.

    Read are the fields that keypoints and their measures need, and of annotations of other
    categories none but ``category_id``. ``num_keypoints`` is not among them: the labeled keypoints
    are counted. Ids are labels: whole numbers of any size, or text; those of people may begin anew
    in each image. The category of people is the one named "person", or the only one that lists
    keypoints.
    """
    listed, entries, categories = read_parts(annotations)
    image_ids = listed.unique_ids()
    found = find_files(listed, "file_name", images)
    sizes = _sizes(listed)

    category_ids = categories.unique_ids()
    person, skeleton = person_category(categories)
    of_category = entries.references("category_id", category_ids, "categories")
    people = entries.select(np.flatnonzero(of_category == person).tolist())
    person_ids = people.ids("id")
    of_image = people.references("image_id", image_ids, "images")
    check_unique(people, person_ids, of_image)
    joints = read_keypoints(people, len(skeleton))
    boxes = read_boxes(people)
    areas = people.numbers("area", "square pixels, from 0", least=0, most=LARGEST**2)
    crowd = people.flags("iscrowd")

    order, image_index = sort_by_image(of_image, found, len(listed))
    return Dataset(
        annotations=annotations,
        skeleton=skeleton,
        image_ids=tuple(image_ids[i] for i in found),
        paths=tuple(found.values()),
        image_sizes=sizes[list(found)],
        person_ids=tuple(person_ids[i] for i in order),
        image_index=image_index,
        keypoints=joints[order, :, :2],
        visibility=joints[order, :, 2].astype(np.uint8),
        boxes=corners(boxes[order]),
        areas=areas[order],
        crowd=crowd[order],
        missing=len(listed) - len(found),
        category=category_ids[person],
    )


def read_parts(annotations: Path) -> tuple[Entries, Entries, Entries]:
    """Read the images, the annotations and the categories of a file.

    Raises
    ------
    DatasetError
        It lacks one of them.
    """
    content = read_json(annotations)
    if not isinstance(content, dict) or not content.keys() >= set(_PARTS):
        raise DatasetError(
            f"{annotations} must hold {', '.join(_PARTS)}, as COCO annotations do, got "
            f"{listed(map(shown, content)) if isinstance(content, dict) else shown(content)}"
        )
    images, entries, categories = (Entries(annotations, part, content[part]) for part in _PARTS)
    return images, entries, categories


def sort_by_image(
    of_image: npt.NDArray[np.int64], found: dict[int, Path], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Sort annotations by image; those of images that are not there go with them.

    Parameters
    ----------
    of_image : array (A,)
        The image of each annotation, among ``count``.
    found : dict
        As `rmpe.datasets.files.find_files` gives it.
    count : int

    Returns
    -------
    order, image_index : array (P,)
        Which annotations, and the image of each among those that are there.
    """
    new_index = np.full(count, -1)
    new_index[list(found)] = np.arange(len(found))
    order = np.argsort(new_index[of_image], kind="stable")
    order = order[new_index[of_image[order]] >= 0]
    return order, new_index[of_image[order]]


def _sizes(images: Entries) -> npt.NDArray[np.int64]:
    """Height and width of each image; 0, 0 where the file has neither."""
    stated = [i for i, item in enumerate(images) if "height" in item or "width" in item]
    sizes = np.zeros((len(images), 2), np.int64)
    if stated:
        chosen = images.select(stated)
        for column, field in enumerate(("height", "width")):
            rule = "a whole number of pixels, from 1"
            values = chosen.numbers(field, rule, least=1)
            chosen.check(values == np.floor(values), field, rule)
            sizes[stated, column] = values
    return sizes


def person_category(categories: Entries) -> tuple[int, Skeleton]:
    """Index of the category of people, and their skeleton."""
    names = categories.column("name", "text", (str,), default="")
    keypoints = categories.column("keypoints", "a list of names", (list,), default=[])
    named = [i for i, name in enumerate(names) if name.strip().lower() == "person"]
    found = named or [i for i, listed in enumerate(keypoints) if listed]
    if len(found) != 1:
        raise DatasetError(
            f"{categories.file}: categories must have one that is named 'person', or one with a "
            f"list of keypoints, got {len(found)} among {shown(names)}"
        )
    index = found[0]
    if not keypoints[index]:
        return index, COCO_17
    plain = tuple(_plain(name) for name in keypoints[index])
    for skeleton in SKELETONS.values():
        if plain == skeleton.keypoints:
            return index, skeleton
    raise categories.error(
        index,
        "keypoints",
        f"those of {' or '.join(SKELETONS)} in their order",
        remedy=f"leave them out where they are {', '.join(COCO_17.keypoints)}",
    )


def _plain(name: object) -> str:
    """Write the name of a keypoint as skeletons have it: "Left Eye" is left_eye."""
    return str(name).strip().lower().replace(" ", "_").replace("-", "_")


def check_unique(people: Entries, ids: list[Id], of_image: npt.NDArray[np.int64]) -> None:
    """Make sure that no image lists a person twice."""
    seen: set[tuple[int, Id]] = set()
    for i, key in enumerate(zip(of_image.tolist(), ids, strict=True)):
        if key in seen:
            raise people.error(
                i, "id", "another than those of other people in its image",
                remedy="remove the annotation where it is a copy, else give it an id of its own",
            )  # fmt: skip
        seen.add(key)


def read_boxes(people: Entries) -> npt.NDArray[np.float64]:
    """x, y, width and height of each box, (P, 4)."""
    boxes = people.arrays("bbox", (4,), "x, y, width, height in pixels, 4 finite numbers")
    people.check(np.all(boxes[:, 2:] >= 0, axis=1), "bbox", "of a width and height from 0")
    return boxes


def corners(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """x1, y1, x2, y2 of boxes x, y, width, height, both (P, 4)."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def read_keypoints(people: Entries, count: int) -> npt.NDArray[np.float64]:
    """x, y and visibility, (P, K, 3)."""
    rule = f"x, y, visibility of {count} keypoints, {3 * count} finite numbers"
    joints = people.arrays("keypoints", (3 * count,), rule).reshape(-1, count, 3)
    good = np.all(np.isin(joints[..., 2], (0, 1, 2)), axis=1)
    people.check(good, "keypoints", f"{rule}, with a visibility of 0, 1 or 2")
    return joints
