"""What a detector finds."""

from __future__ import annotations

from dataclasses import dataclass

import torch

import rmpe_ext

__all__ = ["Detections", "best_first"]


@dataclass(frozen=True, eq=False)
class Detections:
    """M boxes of people, or of other classes, in a batch of images.

    Attributes
    ----------
    boxes
        (M, 4) float32: ``x1, y1, x2, y2`` in image pixels, edges, so that a whole image is
        ``0, 0, width, height``.
    scores
        (M,) float32, 0..1.
    image_index
        (M,) int64: the image that each box is in.
    class_index
        (M,) int64: the class of each box, of those that the detector was asked for; None where
        there is only one.
    """

    boxes: torch.Tensor
    scores: torch.Tensor
    image_index: torch.Tensor
    class_index: torch.Tensor | None = None

    @classmethod
    def none(cls, device: torch.device) -> Detections:
        """Nobody, in any number of images."""
        scores = torch.empty(0, dtype=torch.float32, device=device)
        return cls(scores.view(0, 4), scores, scores.long(), scores.long())

    def __len__(self) -> int:
        """Return the number of boxes, M."""
        return self.boxes.shape[0]

    def select(self, chosen: torch.Tensor) -> Detections:
        """Return some of them: ``chosen`` is a mask (M,), or places (K,)."""
        return Detections(
            self.boxes[chosen],
            self.scores[chosen],
            self.image_index[chosen],
            None if self.class_index is None else self.class_index[chosen],
        )


def best_first(found: Detections, classes: int, nms_iou: float | None) -> torch.Tensor:
    """Choose the boxes that stay, image by image, best first.

    Parameters
    ----------
    found : Detections
        With classes; boxes of different classes do not suppress each other.
    classes : int
        How many there are.
    nms_iou : float, optional
        Of two boxes of a class that overlap more than this, the better is kept. None: all stay.

    Returns
    -------
    Tensor (K,)
        int64: their places in ``found``.

    Examples
    --------
    >>> boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 10]])
    >>> number = torch.zeros(3, dtype=torch.int64)
    >>> found = Detections(boxes, torch.tensor([0.7, 0.8, 0.9]), number, number)
    >>> best_first(found, 1, 0.5)
    tensor([2, 1])
    """
    assert found.class_index is not None
    if nms_iou is None:
        kept = torch.arange(len(found), device=found.boxes.device)
    else:
        group = found.image_index * classes + found.class_index
        keep = rmpe_ext.box_nms(found.boxes, found.scores, nms_iou, image_index=group).keep
        kept = keep.nonzero()[:, 0]
    order = kept[found.scores[kept].argsort(descending=True, stable=True)]
    return order[found.image_index[order].argsort(stable=True)]
