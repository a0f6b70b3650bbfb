"""How well a model does on people who are shown off-center and at the wrong scale."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from rmpe.datasets import load_dataset
from rmpe.inputs.images import read_image
from rmpe.method.modes import STN, StnMode
from rmpe.method.proposals import FITTED, read_proposals
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.oks import oks
from rmpe.metrics.predictions import Predictions
from rmpe.models.build import load_pose
from rmpe.models.pose import PoseNetwork
from rmpe.people import People
from rmpe.pipeline import PoseEstimator
from rmpe.views import look
from rmpe_ext import crop_matrices
from rmpe_ext.conventions import ConventionName

# Of the boxes, which are the same for all models.
BOX_SEED = 2017
_REPEATS = 3

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """A model under one use of its transformer.

    Attributes
    ----------
    ap, oks
        Keypoint AP, and the mean OKS of all people.
    true_oks
        The same with true boxes: what the boxes' errors do not cost.
    off_center, off_scale
        How far the windows that the network sees are from those of the true boxes: mean distance of
        the centers, in heights of the true window, and mean amount of the logarithm of the height.
    seconds
        Of crops, network and decoding, for all people.
    """

    variant: str
    seed: int
    mode: StnMode
    ap: float
    oks: float
    true_oks: float
    off_center: float
    off_scale: float
    seconds: float


class HeldOut:
    """People with drawn boxes.

    Parameters
    ----------
    data : Path
        Folder with ``coco-people``.

    Attributes
    ----------
    true, drawn
        (P, 4): boxes of the people.
    """

    def __init__(self, data: Path) -> None:
        folder = data / "coco-people"
        self.dataset = load_dataset(folder / "val.json", folder / "images")
        self._rows = np.flatnonzero(self.dataset.labeled)
        self._images = [read_image(path) for path in self.dataset.paths]
        proposals = read_proposals(FITTED["coco"])
        dataset, rows = self.dataset, self._rows
        groups = proposals.groups(dataset.keypoints[rows], dataset.visibility[rows] > 0)
        generator = np.random.default_rng(BOX_SEED)
        self.true = dataset.boxes[rows]
        self.drawn = proposals.sample(self.true, groups, generator)

    def measure(self, variant: str, seed: int, card: Path) -> list[Row]:
        """Measure a model in every way that its transformer may be used."""
        pose = load_pose(card)
        modes: list[StnMode] = ["off"] if pose.transformer is None else list(STN)
        rows = []
        for mode in modes:
            estimator = PoseEstimator(None, pose, nms=None, stn=mode)
            times = []
            for _ in range(_REPEATS):
                start = time.process_time()
                people = self.find(estimator, self.drawn)
                times.append(time.process_time() - start)
            errors = self.windows(pose, mode)
            rows.append(
                Row(
                    variant, seed, mode,
                    ap=average_precision(self.dataset, Predictions.from_people(people)).ap,
                    oks=self.oks(people),
                    true_oks=self.oks(self.find(estimator, self.true)),
                    off_center=float(np.linalg.norm(errors[:, :2], axis=1).mean()),
                    off_scale=float(np.abs(errors[:, 2]).mean()),
                    seconds=min(times),
                )
            )  # fmt: skip
        return rows

    def outside(self, padding: float) -> tuple[float, float]:
        """Share of the labeled joints outside square crops of the true and of the drawn boxes."""
        dataset, rows = self.dataset, self._rows
        labeled = dataset.visibility[rows] > 0
        shares = []
        for boxes in (self.true, self.drawn):
            matrices = box_matrices(boxes, (64, 64), "hrnet", padding).numpy()
            linear, offset = matrices[:, :, :2], matrices[:, None, :, 2]
            places = dataset.keypoints[rows] @ linear.transpose(0, 2, 1) + offset
            left = ((places < -0.5) | (places > 63.5)).any(axis=2) & labeled
            shares.append(float(left.sum() / labeled.sum()))
        return shares[0], shares[1]

    def find(self, estimator: PoseEstimator, boxes: Floats) -> People:
        of_image = self.dataset.image_index[self._rows]
        return estimator(
            self._images, boxes=[boxes[of_image == i] for i in range(len(self._images))]
        )

    def oks(self, people: People) -> float:
        dataset, rows = self.dataset, self._rows
        sigmas = dataset.skeleton.sigmas
        assert sigmas is not None
        found = oks(
            people.keypoints.double().numpy(),
            dataset.keypoints[rows],
            dataset.visibility[rows],
            dataset.boxes[rows],
            dataset.areas[rows],
            sigmas,
        )
        return float(found.mean())

    def windows(self, pose: PoseNetwork, mode: StnMode) -> Floats:
        """How far the windows that a network sees are from those of the true boxes.

        Returns
        -------
        array (P, 3)
            Of the center, across and along, in heights of the true window, and of the logarithm of
            the height; positive to the right, downward, and where the window is too large.
        """
        card, (height, width) = pose.card, pose.card.input.size
        frames = [torch.from_numpy(image) for image in self._images]
        index = torch.from_numpy(self.dataset.image_index[self._rows])
        drawn = torch.from_numpy(self.drawn).float()
        seen_mode: StnMode = "compose" if mode == "heatmaps" else mode
        with torch.no_grad():
            seen = look(pose, frames, drawn, index, seen_mode).matrices.double()
        ideal = box_matrices(self.true, card.input.size, card.crop, card.padding)
        middle = torch.tensor([(width - 1) / 2, (height - 1) / 2], dtype=torch.float64)
        # The middle of the window that is seen, in the photograph, then in the true window.
        linear, offset = seen[:, :, :2], seen[:, :, 2]
        center = torch.linalg.solve(linear, (middle - offset)[:, :, None])
        there = (ideal[:, :, :2] @ center)[:, :, 0] + ideal[:, :, 2]
        scale = (ideal[:, 1, 1] / seen[:, 1, 1]).log()
        return torch.cat([(there - middle) / height, scale[:, None]], dim=1).numpy()


def box_matrices(
    boxes: Floats, size: tuple[int, int], convention: ConventionName, padding: float | None
) -> torch.Tensor:
    """Image pixel -> crop pixel, (P, 2, 3) float64, of boxes (P, 4)."""
    rows = torch.from_numpy(boxes).float()
    return crop_matrices(rows, size, convention=convention, padding=padding).double()
