"""Measure a pipeline on a data set."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from .datasets.dataset import Dataset
from .detectors.detector import Detector
from .inputs.images import read_image
from .inputs.prefetch import READ_BYTES, Outcome, read_batches
from .metrics.box_ap import BoxPrecision, box_precision
from .metrics.cocoeval import check_measurable
from .metrics.keypoint_ap import AveragePrecision, average_precision
from .metrics.predictions import Predictions
from .people import People
from .pipeline import PoseEstimator, suppress
from .readable import check_size

__all__ = ["evaluate", "evaluate_boxes", "find_boxes", "find_people", "predict"]

# Average precision counts everything that is ranked, also what would not be shown.
_BOX_THRESHOLD = 0.01
_BOX_IMAGES = 8


def evaluate(
    estimator: PoseEstimator,
    dataset: Dataset,
    *,
    nms: Sequence[str | None],
    true_boxes: bool = False,
    batch_size: int = 4,
    batch_bytes: int = READ_BYTES,
    progress: Callable[[int], object] | None = None,
) -> dict[str, AveragePrecision]:
    """Measure one estimator's keypoint AP under several kinds of pose NMS.

    Parameters
    ----------
    estimator, dataset, nms, true_boxes, batch_size, batch_bytes, progress
        As `predict` takes them.

    Returns
    -------
    dict
        An :class:`AveragePrecision` for each of ``nms``, under its name (``"none"`` for None).

    Raises
    ------
    DatasetError, ValueError, rmpe.inputs.images.ImageError
        As `predict`.
    """
    found = predict(
        estimator,
        dataset,
        nms=nms,
        true_boxes=true_boxes,
        batch_size=batch_size,
        batch_bytes=batch_bytes,
        progress=progress,
    )
    return {name: average_precision(dataset, people) for name, people in found.items()}


def predict(
    estimator: PoseEstimator,
    dataset: Dataset,
    *,
    nms: Sequence[str | None],
    true_boxes: bool = False,
    batch_size: int = 4,
    batch_bytes: int = READ_BYTES,
    progress: Callable[[int], object] | None = None,
) -> dict[str, Predictions]:
    """Find the people of a data set under several kinds of pose NMS, running the networks once.

    Parameters
    ----------
    estimator : PoseEstimator
        Made with ``nms=None``: suppression is applied here.
    dataset : Dataset
    nms : sequence of str or None
        Presets of :func:`rmpe_ext.pose_nms`, by name or as files; None keeps every pose.
    true_boxes : bool
        Give the boxes of people with labeled keypoints to the pose network, in place of detected
        ones.
    batch_size, batch_bytes : int
        Limits of the images in one call of the estimator; see
        :func:`rmpe.inputs.prefetch.read_batches`.
    progress : callable, optional
        Called with the number of images just finished.

    Returns
    -------
    dict
        The people under each of ``nms``, under its name (``"none"`` for None).

    Raises
    ------
    DatasetError
        The data set cannot be measured on, or an image has another size than it states.
    ValueError
        The pose network has other keypoints than the data set.
    rmpe.inputs.images.ImageError
        An image cannot be read: a measure on part of a set means nothing.
    """
    people = find_people(
        estimator,
        dataset,
        true_boxes=true_boxes,
        batch_size=batch_size,
        batch_bytes=batch_bytes,
        progress=progress,
    )
    found = {}
    for name in nms:
        with estimator.timer.stage("nms"):
            kept = people if name is None else suppress(people, name)
        found[name or "none"] = Predictions.from_people(kept)
    return found


def find_people(
    estimator: PoseEstimator,
    dataset: Dataset,
    *,
    true_boxes: bool = False,
    batch_size: int = 4,
    batch_bytes: int = READ_BYTES,
    progress: Callable[[int], object] | None = None,
) -> People:
    """Find the people of a data set.

    Parameters
    ----------
    estimator, dataset, true_boxes, batch_size, batch_bytes, progress
        As `predict` takes them.

    Returns
    -------
    People
        Of all images, numbered as in the data set; not suppressed, if the estimator does not.

    Raises
    ------
    DatasetError, ValueError, rmpe.inputs.images.ImageError
        As `predict`.
    """
    check_measurable(dataset)
    card = estimator.pose.card
    if card.skeleton != dataset.skeleton:
        raise ValueError(
            f"the pose network must have the keypoints of {dataset.skeleton.name}, as "
            f"{dataset.annotations} has; {card.name} has those of {card.skeleton.name}"
        )
    parts = []
    labeled = dataset.labeled
    for start, images in _batches(dataset, estimator, batch_size, batch_bytes):
        of_images = [dataset.people(i) for i in range(start, start + len(images))]
        boxes = [dataset.boxes[rows][labeled[rows]] for rows in of_images] if true_boxes else None
        parts.append(estimator(images, boxes=boxes))
        if progress:
            progress(len(images))
    return People.concatenate(parts)


def evaluate_boxes(
    detector: Detector, dataset: Dataset, *, device: str | torch.device = "cpu"
) -> BoxPrecision:
    """Measure a detector's boxes of people.

    Parameters
    ----------
    detector : Detector
        Of people alone.
    dataset : Dataset
    device : str or torch.device
        That of the detector.

    Raises
    ------
    DatasetError, ValueError, rmpe.inputs.images.ImageError
        The annotations do not belong to the images, there is nobody to be found, or an image cannot
        be read.
    """

    def images() -> Iterator[torch.Tensor]:
        for position, path in enumerate(dataset.paths):
            image = read_image(path)
            check_size(dataset, position, image)
            yield torch.from_numpy(image).to(device)

    rows = [dataset.people(i) for i in range(len(dataset))]
    truth = [(dataset.boxes[people], dataset.crowd[people]) for people in rows]
    return box_precision(truth, [found[:2] for found in find_boxes(detector, images())])


def find_boxes(
    detector: Detector, images: Iterable[torch.Tensor]
) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]]:
    """Find the boxes (M_i, 4) in each image, also those that are unsure.

    Their scores (M_i,) come with them, and what each holds (M_i,): an index into the classes that
    the detector looks for.

    Parameters
    ----------
    detector : Detector
    images : iterable of Tensor (H_i, W_i, 3)
        uint8, RGB, on the detector's device; a few are taken at a time.
    """
    found = []
    left = iter(images)
    while batch := list(islice(left, _BOX_IMAGES)):
        people = detector(batch, threshold=_BOX_THRESHOLD)
        boxes, scores = people.boxes.double().cpu(), people.scores.double().cpu()
        told = people.class_index
        of_class = torch.zeros(len(boxes), dtype=torch.int64) if told is None else told.cpu()
        for i in range(len(batch)):
            rows = (people.image_index == i).cpu()
            found.append((boxes[rows].numpy(), scores[rows].numpy(), of_class[rows].numpy()))
    return found


def _batches(
    dataset: Dataset, estimator: PoseEstimator, batch_size: int, batch_bytes: int
) -> Iterator[tuple[int, list[npt.NDArray[np.uint8]]]]:
    """First position and images of each batch."""
    start = 0
    reading = read_batches(dataset.paths, batch_size=batch_size, batch_bytes=batch_bytes)
    with contextlib.closing(reading) as batches:
        while start < len(dataset):
            with estimator.timer.stage("read"):
                images = _checked(dataset, start, next(batches))
            yield start, images
            start += len(images)
            # They would stay in memory while the next batch is read.
            del images


def _checked(
    dataset: Dataset, start: int, outcomes: list[tuple[Path, Outcome]]
) -> list[npt.NDArray[np.uint8]]:
    """The images of a batch, from position `start` on; raises where one could not be read."""
    images = []
    for position, (_, image) in enumerate(outcomes, start):
        if isinstance(image, Exception):
            raise image
        check_size(dataset, position, image)
        images.append(image)
    return images
