"""The poses that suppression is fitted to: what the networks find, or what a file holds."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ._options import batch_limits, build_estimator
from ._readable import keep_readable
from ._runtime import resolve_runtime

if TYPE_CHECKING:
    from ..datasets.dataset import Dataset
    from ..metrics.predictions import Predictions
    from ..people import People

__all__ = ["find_poses", "measure", "usable"]


def usable(arguments: argparse.Namespace, dataset: Dataset) -> Dataset:
    """Leave out the images that the networks could not read."""
    return keep_readable(dataset) if arguments.results is None else dataset


def find_poses(arguments: argparse.Namespace, dataset: Dataset) -> People:
    """Find or read the poses of all images, without suppression, and print how good they are."""
    from ..metrics.predictions import Predictions

    if arguments.results is None:
        people = _run_networks(arguments, dataset)
    else:
        from ..method.pose_results import read_pose_results

        resolve_runtime(arguments, [])  # No network runs.
        people = read_pose_results(arguments.results, dataset)
    ap, (low, high) = measure(arguments, dataset, Predictions.from_people(people))
    print(
        f"{len(people)} poses in {len(dataset)} images; AP {ap:.3f} without suppression, "
        f"95 % interval {low:.3f} to {high:.3f}"
    )
    return people


def _run_networks(arguments: argparse.Namespace, dataset: Dataset) -> People:
    from tqdm import tqdm

    from ..evaluation import find_people

    estimator = build_estimator(arguments, nms=None)
    limits = batch_limits(arguments, estimator)
    with tqdm(total=len(dataset), desc="poses", unit="image", disable=None) as bar:
        return find_people(
            estimator,
            dataset,
            batch_size=limits.images,
            batch_bytes=limits.pixel_bytes,
            progress=bar.update,
        )


def measure(
    arguments: argparse.Namespace, dataset: Dataset, kept: Predictions
) -> tuple[float, tuple[float, float]]:
    """AP, and the interval that holds 95 % of its bootstrap values."""
    from ..metrics.bootstrap import bootstrap
    from ..metrics.cocoeval import matched
    from ..metrics.keypoint_ap import summarize

    evaluated = matched(dataset, kept)
    interval = bootstrap(dataset, evaluated, 1000, seed=arguments.seed)["ap"]
    return summarize(evaluated, len(kept)).ap, interval
