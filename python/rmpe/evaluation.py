"""Measure a pipeline on a data set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .datasets.coco import PERSON
from .datasets.dataset import Dataset
from .inputs.prefetch import READ_BYTES, read_batches
from .metrics.keypoint_ap import AveragePrecision, average_precision
from .people import People
from .pipeline import PoseEstimator, suppress
from .skeletons import COCO_17

__all__ = ["evaluate"]


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
        :func:`rmpe.inputs.prefetch.read_batches`.
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
    rmpe.inputs.images.ImageError
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
            "category_id": PERSON,
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
