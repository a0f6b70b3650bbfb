"""What interpolating twice costs, whatever a transformer has learned.

python -m bench.stn.interpolation --data ../shared/data --models ../shared/models

The transformer of a trained pose network is one that knows the answer: its thetas lead from the
drawn boxes to the true ones. So the three ways of using them differ in interpolation alone, and in
what a resampled crop does not show.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from rmpe.method.limits import Limits
from rmpe.method.modes import STN
from rmpe.method.theta import between
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.predictions import Predictions
from rmpe.models import DEFAULT_POSE
from rmpe.models.build import load_pose
from rmpe.models.card import ModelFile, TransformerCard
from rmpe.models.pose import PoseNetwork
from rmpe.pipeline import PoseEstimator

from .measure import HeldOut, box_matrices


class Oracle:
    """A localization network that gives known thetas, in the order of the crops."""

    def __init__(self, thetas: torch.Tensor) -> None:
        self._thetas = thetas.float()
        self.output_shapes = [(2, 3)]

    def __call__(self, crops: torch.Tensor) -> Sequence[torch.Tensor]:
        """(N, 3, h, w) -> thetas (N, 2, 3); round and round."""
        found = self._thetas[: len(crops)]
        self._thetas = self._thetas.roll(-len(crops), 0)
        return [found]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with coco-people")
    parser.add_argument("--models", help="folder of network files")
    parser.add_argument("--pose", default=DEFAULT_POSE, help="a pose network without transformer")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    held_out = HeldOut(arguments.data)
    pose = load_pose(arguments.pose, models_dir=arguments.models)
    print("| use of the transformer | AP | mean OKS | seconds |\n| --- | ---: | ---: | ---: |")
    for mode in STN:
        estimator = PoseEstimator(None, with_oracle(pose, held_out), nms=None, stn=mode)
        start = time.process_time()
        people = held_out.find(estimator, held_out.drawn)
        seconds = time.process_time() - start
        ap = average_precision(held_out.dataset, Predictions.from_people(people)).ap
        print(f"| {mode} | {ap:.3f} | {held_out.oks(people):.3f} | {seconds:.1f} |", flush=True)
    return 0


def with_oracle(pose: PoseNetwork, held_out: HeldOut) -> PoseNetwork:
    """The pose network behind a transformer that finds the true boxes."""
    card = pose.card
    drawn, true = (
        box_matrices(boxes, card.input.size, card.crop, card.padding)
        for boxes in (held_out.drawn, held_out.true)
    )
    transformer = TransformerCard("oracle", (), ModelFile("", "", origin=""), (64, 64), Limits())
    return PoseNetwork(
        dataclasses.replace(card, transformer=transformer),
        pose.network,
        Oracle(between(drawn, true, card.input.size)),
    )


if __name__ == "__main__":
    sys.exit(main())
