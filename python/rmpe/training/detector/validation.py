"""How good a detector is: its files, through the very detector that will use them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ...datasets import load_dataset
from ...detectors.detector import Detector
from ...evaluation import find_boxes
from ...inputs.images import read_image
from ...metrics.box_ap import box_precision
from ...models.build import load_detector
from .boxes import BoxedImages, all_boxes

__all__ = ["BoxValidation"]


class BoxValidation:
    """Average precision of a detector of people.

    Parameters
    ----------
    images : sequence of Tensor (H_i, W_i, 3)
        uint8, RGB.
    truth : sequence of (array (P_i, 4), array (P_i,) of bool)
        Boxes in pixels, and which of them are crowds.
    """

    def __init__(
        self,
        images: Sequence[torch.Tensor],
        truth: Sequence[tuple[np.ndarray, np.ndarray]],
    ) -> None:
        self._images, self._truth = images, truth

    @classmethod
    def read(cls, annotations: Path, images: Path, more_boxes: str) -> BoxValidation:
        """Measure on annotated photographs.

        Raises
        ------
        rmpe.datasets.dataset.DatasetError, rmpe.inputs.images.ImageError
            Where the annotations or a photograph cannot be read.
        """
        dataset = load_dataset(annotations, images)
        pixels = [torch.from_numpy(read_image(path)) for path in dataset.paths]
        return cls(pixels, all_boxes(dataset, more_boxes))

    @classmethod
    def of(cls, data: BoxedImages) -> BoxValidation:
        """Measure on the very photographs that are trained on."""
        truth = []
        for i, image in enumerate(data.images):
            rows = slice(data.first[i], data.first[i + 1])
            extent = np.tile(image.shape[1::-1], 2)
            truth.append((data.boxes[rows] * extent, data.ignored[rows]))
        return cls(data.images, truth)

    def __call__(self, card: Path) -> dict[str, float]:
        """Measure the model of a card."""
        return self.measure(load_detector(card))

    def measure(self, detector: Detector) -> dict[str, float]:
        """AP at IoU .5, at .75, and over all thresholds, and AR."""
        measured = box_precision(self._truth, find_boxes(detector, self._images))
        return {
            "ap50": measured.ap50,
            "ap75": measured.ap75,
            "ap": measured.ap,
            "ar": measured.ar,
        }
