"""Keypoint AP on a data set with COCO annotations."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .images import READ_BYTES, read_batches
from .people import People
from .pipeline import PoseEstimator, suppress
from .skeleton import COCO_17

__all__ = ["AveragePrecision", "Dataset", "average_precision", "evaluate", "load_dataset"]

# COCO's number of the category "person".
_PERSON = 1
# What the measure reads of every annotation, and of those of people.
_FIELDS = ("id", "image_id", "category_id")
_PERSON_FIELDS = ("bbox", "area", "iscrowd", "keypoints", "num_keypoints")


@dataclass(frozen=True)
class AveragePrecision:
    """COCO's keypoint measures, each 0..1, and the people they rest on."""

    ap: float
    ap50: float
    ap75: float
    ar: float
    people: int


@dataclass(frozen=True)
class Dataset:
    """Annotated images that are really there.

    Attributes
    ----------
    annotations : Path
        COCO keypoint annotations.
    image_ids : tuple of int
    paths : tuple of Path
        One for each id.
    boxes : tuple of arrays (M_i, 4)
        ``x1, y1, x2, y2`` of the people with at least one annotated joint, crowds left out.
    """

    annotations: Path
    image_ids: tuple[int, ...]
    paths: tuple[Path, ...]
    boxes: tuple[np.ndarray, ...]


def load_dataset(annotations: Path, images: Path) -> Dataset:
    """Pair the annotations with the files in ``images``.

    Raises
    ------
    ValueError
        If ``annotations`` is no COCO annotation file, or none of its images is there.
    """
    try:
        content = json.loads(annotations.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{annotations} is not a COCO annotation file: {error}") from error
    parts = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not content.keys() >= set(parts):
        raise ValueError(
            f"{annotations} is not a COCO annotation file: it must hold {', '.join(parts)}, "
            f"got {', '.join(content) if isinstance(content, dict) else type(content).__name__}"
        )
    listed, entries, categories = (content[part] for part in parts)
    _check_fields(annotations, "categories", categories, ("id",))
    _check_fields(annotations, "images", listed, ("id", "file_name"))
    _check_fields(annotations, "annotations", entries, _FIELDS)
    people = [entry for entry in entries if entry["category_id"] == _PERSON]
    _check_fields(annotations, "annotations of people", people, _PERSON_FIELDS)
    boxes: dict[int, list[list[float]]] = {}
    for person in people:
        if person["num_keypoints"] and not person["iscrowd"]:
            x, y, w, h = person["bbox"]
            boxes.setdefault(person["image_id"], []).append([x, y, x + w, y + h])
    present = [image for image in listed if (images / Path(image["file_name"]).name).is_file()]
    if not present:
        raise ValueError(f"none of the {len(listed)} images of {annotations} is in {images}")
    return Dataset(
        annotations=annotations,
        image_ids=tuple(image["id"] for image in present),
        paths=tuple(images / Path(image["file_name"]).name for image in present),
        boxes=tuple(
            np.array(boxes.get(image["id"], []), np.float32).reshape(-1, 4) for image in present
        ),
    )


def _check_fields(
    source: Path, kind: str, entries: Iterable[dict[str, Any]], fields: Sequence[str]
) -> None:
    """Make sure that entries of a COCO file have the fields that will be read.

    A list of numbers is also compared with the length that COCO gives it.
    """
    lengths = {"bbox": 4, "keypoints": 3 * len(COCO_17.keypoints)}
    if not isinstance(entries, list):
        raise ValueError(f"{source}: {kind} must be a list, got {type(entries).__name__}")
    for position, entry in enumerate(entries):
        for field in fields:
            if not isinstance(entry, dict) or field not in entry:
                raise ValueError(
                    f"{source} cannot be evaluated on: all {kind} must have {', '.join(fields)}; "
                    f"number {position} has no {field}"
                )
            length = lengths.get(field)
            if length is not None and np.shape(entry[field]) != (length,):
                raise ValueError(
                    f"{source}: {field} must hold {length} numbers, got {entry[field]!r} in "
                    f"number {position} of the {kind}"
                )


def evaluate(
    estimator: PoseEstimator,
    dataset: Dataset,
    *,
    nms: Sequence[str | None],
    true_boxes: bool = False,
    batch_size: int = 4,
    batch_bytes: int = READ_BYTES,
    progress: Any = None,
) -> dict[str, AveragePrecision]:
    """Measure one estimator under several kinds of pose NMS, running its networks once.

    Parameters
    ----------
    estimator : PoseEstimator
        Made with ``nms=None``: suppression is applied here.
    dataset : Dataset
    nms : sequence of str or None
        Presets of :func:`rmpe_ext.pose_nms`; None keeps every pose.
    true_boxes : bool
        Give the annotated boxes to the pose network in place of detected ones.
    batch_size, batch_bytes : int
        Limits of the images in one call of the estimator; see
        :func:`rmpe.images.read_batches`.
    progress : callable, optional
        Called with the number of images just finished.

    Returns
    -------
    dict
        An :class:`AveragePrecision` for each of ``nms``, under its name (``"none"`` for None).

    Raises
    ------
    ValueError
        If the pose network has other keypoints than COCO's 17, which the measure is defined for.
    rmpe.images.ImageError
        If an image of the data set cannot be read: a measure on part of a set means nothing.
    """
    card = estimator.pose.card
    if card.skeleton != COCO_17:
        raise ValueError(
            f"the pose network must have the keypoints of {COCO_17.name}, for which COCO's "
            f"keypoint AP is defined; {card.name} has those of {card.skeleton.name}"
        )
    rows: dict[str, list[dict[str, Any]]] = {preset or "none": [] for preset in nms}
    for start, images in _batches(dataset, estimator, batch_size, batch_bytes):
        stop = start + len(images)
        people = estimator(images, boxes=dataset.boxes[start:stop] if true_boxes else None)
        for preset in nms:
            with estimator.timer.stage("nms"):
                kept = people if preset is None else suppress(people, preset)
            rows[preset or "none"] += _rows(kept, dataset.image_ids[start:stop])
        if progress:
            progress(len(images))
    return {name: average_precision(dataset, found) for name, found in rows.items()}


def _batches(
    dataset: Dataset, estimator: PoseEstimator, batch_size: int, batch_bytes: int
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """First position and images of each batch."""
    start = 0
    reading = read_batches(dataset.paths, batch_size=batch_size, batch_bytes=batch_bytes)
    with contextlib.closing(reading) as batches:
        while start < len(dataset.paths):
            with estimator.timer.stage("read"):
                images = [image for _, image in next(batches)]
            for image in images:
                if isinstance(image, Exception):
                    raise image
            yield start, images
            start += len(images)
            del image, images


def _rows(people: People, image_ids: Sequence[int]) -> list[dict[str, Any]]:
    """COCO result rows; every joint counts as visible, because COCO scores only people."""
    points = people.keypoints.cpu()
    flat = np.concatenate([points, np.ones((*points.shape[:2], 1), np.float32)], axis=2)
    return [
        {
            "image_id": image_ids[i],
            "category_id": _PERSON,
            "keypoints": row.tolist(),
            "score": score,
        }
        for i, row, score in zip(
            people.image_index.tolist(),
            flat.reshape(len(people), -1),
            people.scores.tolist(),
            strict=True,
        )
    ]


def average_precision(dataset: Dataset, rows: list[dict[str, Any]]) -> AveragePrecision:
    """COCO's keypoint AP of result rows, by pycocotools.

    Parameters
    ----------
    dataset : Dataset
    rows : list of dict
        COCO keypoint results.

    Returns
    -------
    AveragePrecision
        All 0 where there are no rows.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    if not rows:
        return AveragePrecision(0.0, 0.0, 0.0, 0.0, 0)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(dataset.annotations))
        measure = COCOeval(truth, truth.loadRes(rows), "keypoints")
        measure.params.imgIds = list(dataset.image_ids)
        measure.params.catIds = [_PERSON]
        measure.evaluate()
        measure.accumulate()
        measure.summarize()
    ap, ap50, ap75, _, _, ar = (float(value) for value in measure.stats[:6])
    return AveragePrecision(ap, ap50, ap75, ar, len(rows))
