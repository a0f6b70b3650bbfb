"""What another detector finds in the very samples: a second opinion on their labels.

Labels say who is there, but not how hard each is to find, and leave people out. A stronger
detector says both (Hinton et al., "Distilling the knowledge in a neural network", 2015). It sees
each sample as it was cut, so that it has something else to say each time (Beyer et al., "Knowledge
distillation: a good teacher is patient and consistent", CVPR 2022).
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from ...detectors.detections import Detections
from ...detectors.detector import Detector
from ...detectors.ssd import SSDDetector
from ...digest import digest_of
from ...errors import ModelError
from ...metrics.box_iou import box_area, box_intersection, box_iou
from ...models.build import load_detector
from ...models.read import load_card
from ...models.store import obtain
from . import config
from .hints import place_scores
from .matching import COVERED

__all__ = ["SampleBoxes", "Teacher"]

# Boxes that overlap by as much are of one person.
_SAME = 0.5


class SampleBoxes(NamedTuple):
    """M boxes in the samples of a batch.

    Attributes
    ----------
    boxes
        (M, 4) float32, in fractions of the sample; each with an area.
    sample
        (M,) int64: the sample that each is in.
    ignored
        (M,) bool.
    class_index
        (M,) int64: what each holds.
    certainty
        (M,) float32, 0 to 1: how far each is to be found.
    """

    boxes: torch.Tensor
    sample: torch.Tensor
    ignored: torch.Tensor
    class_index: torch.Tensor
    certainty: torch.Tensor


class Teacher:
    """A detector of people that judges labels.

    Parameters
    ----------
    spec : config.Teacher

    Raises
    ------
    rmpe.ModelError
        There is no such detector, or its files are missing or not what its card says; or it shall
        give hints, and is no SSD whose first column is the background.
    """

    def __init__(self, spec: config.Teacher) -> None:
        self._detector = load_detector(spec.detector)
        self._share, self._threshold = spec.share, spec.threshold
        self._ssd = None
        if spec.hint_weight:
            self._ssd = _with_background(self._detector)
        self._card = load_card(spec.detector)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the samples that it judges."""
        return self._card.input.size

    @property
    def contents(self) -> dict[str, str]:
        """The digests of its files."""
        return {
            f"file of the teacher, {file.name}": f"SHA-256 {digest_of(obtain(file))}"
            for file in self._card.files
        }

    @property
    def classes(self) -> int:
        """How many it tells apart in its hints, without the background; 0 where it gives none."""
        return 0 if self._ssd is None else int(self._ssd.network.output_shapes[1][1]) - 1

    def judge(
        self, labels: SampleBoxes, samples: torch.Tensor, size: tuple[int, int]
    ) -> tuple[SampleBoxes, tuple[torch.Tensor, ...]]:
        """Say of labels how sure they are, and add who is not labeled.

        Parameters
        ----------
        labels : SampleBoxes
            Of people alone.
        samples : Tensor (N, 3, h, w)
            Of the detector's own `size`, in 0..1.
        size : (int, int)
            Height and width of the pupil's input.

        Returns
        -------
        labels : SampleBoxes
        hints : tuple of Tensor
            See `place_scores`; empty where it gives none.
        """
        images = list((samples * 255).round_().byte().permute(0, 2, 3, 1).contiguous())
        if self._ssd is None or not images:
            found = self._detector(images, threshold=self._threshold)
            return self._compare(labels, samples, found), ()
        # One at a time: what such a network computes then stays in the processor's cache.
        one_by_one = (self._ssd.outputs([image]) for image in images)
        encoded, scores = map(torch.cat, zip(*one_by_one, strict=True))
        sizes = torch.tensor([samples.shape[:1:-1]]).expand(len(images), 2)
        found = self._ssd.find(encoded, scores, sizes, self._threshold)
        if self._ssd.ssd.activation == "softmax":
            scores = scores.softmax(-1)
        hints = place_scores(scores[:, :, 1:], self._ssd.anchors, size)
        return self._compare(labels, samples, found), hints

    def _compare(
        self, labels: SampleBoxes, samples: torch.Tensor, found: Detections
    ) -> SampleBoxes:
        if not self._share:
            return labels
        height, width = samples.shape[2:]
        boxes = (found.boxes / torch.tensor([width, height, width, height])).clamp_(0, 1)
        iou = torch.from_numpy(box_iou(labels.boxes[:, None].numpy(), boxes.numpy()))
        iou[labels.sample[:, None] != found.image_index] = 0
        agreed = torch.where(iou >= _SAME, found.scores, 0.0)
        best = agreed.amax(1) if len(boxes) else torch.zeros(len(labels.boxes))
        certainty = torch.lerp(labels.certainty, best, self._share)
        new = (iou < _SAME).all(dim=0) & (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
        # Who is in a crowd is neither right nor wrong.
        common = box_intersection(labels.boxes[:, None].numpy(), boxes.numpy())
        covered = torch.from_numpy(common >= COVERED * box_area(boxes.numpy()))
        here = labels.ignored[:, None] & (labels.sample[:, None] == found.image_index)
        new &= ~(covered & here).any(dim=0)
        count = int(new.sum())
        return SampleBoxes(
            boxes=torch.cat([labels.boxes, boxes[new]]),
            sample=torch.cat([labels.sample, found.image_index[new]]),
            ignored=torch.cat([labels.ignored, torch.zeros(count, dtype=torch.bool)]),
            class_index=torch.cat([labels.class_index, torch.zeros(count, dtype=torch.int64)]),
            certainty=torch.cat([certainty, self._share * found.scores[new]]),
        )


def _with_background(detector: Detector) -> SSDDetector:
    """The same, whose scores have a column for nobody before those of its classes."""
    if not isinstance(detector, SSDDetector):
        raise ModelError(
            f"hint_weight needs a detector that is an SSD, got {type(detector).__name__}; "
            "name one, or leave hint_weight out"
        )
    first = detector.ssd.classes[0]
    if first:
        raise ModelError(
            f"hint_weight needs a detector whose first column is the background, got {first!r}; "
            "name another, or leave hint_weight out"
        )
    return detector
