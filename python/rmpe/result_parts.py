"""The keypoints and the boxes of a result, in pixels and as parts of the image's sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Boxes", "Keypoints"]


@dataclass(frozen=True, eq=False)
class Keypoints:
    """The keypoints of the people of one image, as tensors or arrays.

    Attributes
    ----------
    xy : Tensor (P, K, 2)
        x, y in pixels.
    conf : Tensor (P, K)
        Confidences.
    size : (int, int)
        Height and width of the image.
    """

    xy: Any
    conf: Any
    size: tuple[int, int]

    @property
    def xyn(self) -> Any:
        """(P, K, 2): x and y as parts of the image's width and height."""
        return _scaled(self.xy, self.size)

    def __len__(self) -> int:
        """Return the number of people, P."""
        return len(self.xy)


@dataclass(frozen=True, eq=False)
class Boxes:
    """The boxes of the people of one image, as tensors or arrays.

    Attributes
    ----------
    xyxy : Tensor (P, 4)
        ``x1, y1, x2, y2`` in pixels.
    conf : Tensor (P,)
        Confidence of the detector.
    size : (int, int)
        Height and width of the image.
    """

    xyxy: Any
    conf: Any
    size: tuple[int, int]

    @property
    def xyxyn(self) -> Any:
        """(P, 4): as parts of the image's width and height."""
        return _scaled(self.xyxy.reshape(-1, 2, 2), self.size).reshape(-1, 4)

    def __len__(self) -> int:
        """Return the number of people, P."""
        return len(self.xyxy)


def _scaled(points: Any, size: tuple[int, int]) -> Any:
    height, width = size
    if hasattr(points, "new_tensor"):
        return points / points.new_tensor([width, height])
    return points / np.array([width, height], points.dtype)
