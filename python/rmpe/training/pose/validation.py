"""How good a model is: its files, through the very pipeline that will use them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.dataset import Dataset, DatasetError
from ...evaluation import evaluate
from ...metrics.cocoeval import check_measurable
from ...metrics.pckh import head_sizes, pckh
from ...models.build import load_pose
from ...pipeline import PoseEstimator
from .people import TrainingPeople

__all__ = ["HeadValidation", "KeypointValidation", "SimilarityValidation"]

_IMAGES = 8


class KeypointValidation:
    """Keypoint AP of a pose model on annotated photographs, with their true boxes.

    Parameters
    ----------
    dataset : Dataset
        Of a skeleton with sigmas.

    Raises
    ------
    rmpe.datasets.dataset.DatasetError
        Nobody is annotated whom the measure counts.
    """

    def __init__(self, dataset: Dataset) -> None:
        check_measurable(dataset)
        self._dataset = dataset

    def __call__(self, card: Path) -> dict[str, float]:
        """Measure the model of a card: AP, AP50, AP75 and AR."""
        estimator = PoseEstimator(None, load_pose(card), nms=None)
        measures = evaluate(
            estimator, self._dataset, nms=[None], true_boxes=True, batch_size=_IMAGES
        )
        found = measures["none"]
        return {"ap": found.ap, "ap50": found.ap50, "ap75": found.ap75, "ar": found.ar}


class HeadValidation:
    """PCKh of a pose model on annotated photographs, with their true boxes.

    Parameters
    ----------
    dataset : Dataset
        Of a skeleton with neck and head.

    Raises
    ------
    rmpe.datasets.dataset.DatasetError
        Nobody is annotated whom the measure counts.
    """

    def __init__(self, dataset: Dataset) -> None:
        if not (np.isfinite(head_sizes(dataset)) & dataset.labeled).any():
            raise DatasetError(
                f"{dataset.annotations}: at least one person in the {len(dataset)} images that are "
                "there must have the keypoints neck and head_top labeled, got none of "
                f"{len(dataset.person_ids)}; nothing can be measured"
            )
        self._dataset = dataset

    def __call__(self, card: Path) -> dict[str, float]:
        """Measure the model of a card: the mean share of correct keypoints."""
        dataset = self._dataset
        estimator = PoseEstimator(None, load_pose(card), nms=None)
        keypoints = np.full(dataset.keypoints.shape, np.nan)
        for i, path in enumerate(dataset.paths):
            rows = np.arange(len(dataset.labeled))[dataset.people(i)]
            rows = rows[dataset.labeled[rows]]
            if len(rows):
                found = estimator([path], boxes=[dataset.boxes[rows]])
                keypoints[rows] = found.keypoints.numpy()
        return {"pckh": pckh(dataset, keypoints).mean}


class SimilarityValidation:
    """Object keypoint similarity (OKS) of a pose model on people that it is trained on.

    Parameters
    ----------
    people : TrainingPeople
        Of a skeleton with sigmas.
    """

    def __init__(self, people: TrainingPeople) -> None:
        self._people = people

    def __call__(self, card: Path) -> dict[str, float]:
        """Measure the model of a card: mean OKS over the labeled joints of each person."""
        people = self._people
        estimator = PoseEstimator(None, load_pose(card), nms=None)
        found = estimator(
            [people.images[i] for i in people.image_index],
            boxes=[box[None] for box in people.boxes],
        )
        squared = np.square(found.keypoints.numpy() - people.keypoints).sum(axis=2)
        sigmas = np.array(people.skeleton.sigmas)
        similarity = np.exp(-squared / (8 * sigmas**2 * people.areas[:, None]))
        joints = people.labeled.sum(axis=1)
        return {"oks": float(((similarity * people.labeled).sum(axis=1) / joints).mean())}
