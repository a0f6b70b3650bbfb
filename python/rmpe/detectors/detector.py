"""What the pipeline expects of a detector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from .detections import Detections

__all__ = ["Detector"]


class Detector(Protocol):
    """Images to the boxes of people."""

    def __call__(
        self, images: Sequence[torch.Tensor], threshold: float | None = None
    ) -> Detections:
        """Find the people in uint8 RGB images (H, W, 3), on one device.

        Parameters
        ----------
        images : sequence of Tensors (H, W, 3)
            Sizes may differ.
        threshold : float, optional
            Lowest score, in 0..1; the detector's own, unless given.
        """
        ...
