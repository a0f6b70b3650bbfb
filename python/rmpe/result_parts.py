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

    Examples
    --------
    >>> boxes = Boxes(np.array([[8.0, 8, 56, 40]]), np.ones(1), (48, 64))
    >>> boxes.xywh.tolist()
    [[32.0, 24.0, 48.0, 32.0]]
    >>> boxes.xyxyn[0, [0, 2]].tolist(), boxes.xywhn[0, [0, 2]].tolist()
    ([0.125, 0.875], [0.5, 0.75])
    """

    xyxy: Any
    conf: Any
    size: tuple[int, int]

    @property
    def xyxyn(self) -> Any:
        """(P, 4): as parts of the image's width and height."""
        return _scaled(self.xyxy.reshape(-1, 2, 2), self.size).reshape(-1, 4)

    @property
    def xywh(self) -> Any:
        """(P, 4): ``x, y`` of the center, width and height, in pixels."""
        return _centered(self.xyxy)

    @property
    def xywhn(self) -> Any:
        """(P, 4): likewise, as parts of the image's width and height."""
        return _centered(self.xyxyn)

    def __len__(self) -> int:
        """Return the number of people, P."""
        return len(self.xyxy)


def _centered(corners: Any) -> Any:
    first, last = corners[:, :2], corners[:, 2:]
    parts = [first + (last - first) / 2, last - first]
    if hasattr(corners, "new_tensor"):
        import torch

        return torch.cat(parts, 1)
    return np.concatenate(parts, 1)


def _scaled(points: Any, size: tuple[int, int]) -> Any:
    height, width = size
    if hasattr(points, "new_tensor"):
        return points / points.new_tensor([width, height])
    return points / np.array([width, height], points.dtype)
