"""How good a detector is: its files, through the very detector that will use them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ...class_names import PERSON
from ...datasets.boxes import read_boxes
from ...detectors.detector import Detector
from ...evaluation import find_boxes
from ...inputs.images import read_image
from ...metrics.box_ap import box_precision
from ...models.build import load_detector
from .boxes import BoxedImages, all_boxes

__all__ = ["BoxValidation"]


class BoxValidation:
    """Average precision of a detector.

    Parameters
    ----------
    images : sequence of Tensor (H_i, W_i, 3)
        uint8, RGB.
    truth : sequence of (array (P_i, 4), array (P_i,) of bool, array (P_i,) of int64)
        Boxes in pixels, which of them are crowds, and what each holds.
    classes : sequence of str
        What is to be found.
    """

    def __init__(
        self,
        images: Sequence[torch.Tensor],
        truth: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
        classes: Sequence[str] = (PERSON,),
    ) -> None:
        self._images, self._truth, self._classes = images, truth, tuple(classes)

    @classmethod
    def read(
        cls,
        annotations: Path,
        images: Path,
        more_boxes: str,
        classes: Sequence[str] = (PERSON,),
    ) -> BoxValidation:
        """Measure on annotated photographs.

        Raises
        ------
        rmpe.datasets.dataset.DatasetError, rmpe.inputs.images.ImageError
            Where the annotations or a photograph cannot be read.
        """
        dataset = read_boxes(annotations, images, classes)
        pixels = [torch.from_numpy(read_image(path)) for path in dataset.paths]
        return cls(pixels, all_boxes(dataset, more_boxes), classes)

    @classmethod
    def of(cls, data: BoxedImages, classes: Sequence[str] = (PERSON,)) -> BoxValidation:
        """Measure on the very photographs that are trained on."""
        truth = []
        for i, image in enumerate(data.images):
            rows = slice(data.first[i], data.first[i + 1])
            extent = np.tile(image.shape[1::-1], 2)
            truth.append((data.boxes[rows] * extent, data.ignored[rows], data.class_index[rows]))
        return cls(data.images, truth, classes)

    def __call__(self, card: Path) -> dict[str, float]:
        """Measure the model of a card."""
        return self.measure(load_detector(card, classes=self._classes))

    def measure(self, detector: Detector) -> dict[str, float]:
        """AP at IoU .5, at .75, and over all thresholds, and AR.

        Of several classes means over those that the photographs show, and the AP of each.
        """
        found = find_boxes(detector, self._images)
        measured = {}
        for index, name in enumerate(self._classes):
            truth, rows = (_of_class(index, images) for images in (self._truth, found))
            if any((~crowd).any() for _, crowd in truth):
                measured[name] = box_precision(truth, rows)
        values = {
            measure: float(np.mean([getattr(one, measure) for one in measured.values()]))
            for measure in ("ap50", "ap75", "ap", "ar")
        }
        if len(self._classes) > 1:
            values |= {f"ap of {name}": one.ap for name, one in measured.items()}
        return values


def _of_class(
    index: int, images: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The boxes of one class in each image, and what comes with them."""
    return [(boxes[own == index], values[own == index]) for boxes, values, own in images]
