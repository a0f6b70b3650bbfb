"""How good a detector is: its files, through the very detector that will use them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ...class_names import PERSON
from ...datasets.boxes import read_boxes
from ...datasets.dataset import DatasetError
from ...detectors.detector import Detector
from ...evaluation import find_boxes
from ...inputs.images import ImageError, read_image
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
    skipped : Counter, optional
        How many photographs were left out, by the reason.

    Raises
    ------
    ValueError
        There is nothing to be found.
    """

    def __init__(
        self,
        images: Sequence[torch.Tensor],
        truth: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
        classes: Sequence[str] = (PERSON,),
        skipped: Counter[str] | None = None,
    ) -> None:
        self._images, self._truth, self._classes = images, truth, tuple(classes)
        skipped = Counter() if skipped is None else skipped
        self._left_out = ", ".join(f"{count} {reason}" for reason, count in skipped.most_common())
        self._boxes = sum(int((~crowd).sum()) for _, crowd, _ in truth)
        if not self._boxes:
            raise ValueError(
                "there must be a box that is no crowd among the photographs for validation, got "
                f"none in {len(images)}" + (f"; skipped: {self._left_out}" * bool(self._left_out))
            )

    def __str__(self) -> str:
        """Say what is measured on, and what was left out, for people."""
        return f"{self._boxes:,} boxes in {len(self._images):,} photographs, for validation" + (
            f"; skipped: {self._left_out}" * bool(self._left_out)
        )

    @classmethod
    def read(
        cls,
        annotations: Path,
        images: Path,
        more_boxes: str,
        classes: Sequence[str] = (PERSON,),
    ) -> BoxValidation:
        """Measure on annotated photographs, those that can be read.

        Raises
        ------
        rmpe.datasets.dataset.DatasetError
            Where the annotations cannot be read, or nothing can be measured.
        """
        dataset = read_boxes(annotations, images, classes)
        skipped = Counter({"image missing": dataset.missing} if dataset.missing else {})
        pixels, truth = [], []
        for path, boxes in zip(dataset.paths, all_boxes(dataset, more_boxes), strict=True):
            try:
                pixels.append(torch.from_numpy(read_image(path)))
            except ImageError:
                skipped["image unreadable"] += 1
            else:
                truth.append(boxes)
        try:
            return cls(pixels, truth, classes, skipped)
        except ValueError as error:
            raise DatasetError(f"{annotations}: {error}") from None

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
