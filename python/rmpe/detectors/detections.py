"""What a detector finds."""

from __future__ import annotations

from dataclasses import dataclass

import torch

__all__ = ["Detections"]


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

    def __len__(self) -> int:
        """Return the number of boxes, M."""
        return self.boxes.shape[0]
