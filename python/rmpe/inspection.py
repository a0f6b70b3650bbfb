"""What a pose network sees of each person, and what it says to that: for finding faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from rmpe_ext import crop_matrices

from .estimator_inputs import Image, images_as_frames
from .heads.heatmap import HeatmapHead
from .method.theta import compose
from .networks.autocast import inference
from .views import look

if TYPE_CHECKING:
    from .people import People
    from .pipeline import PoseEstimator

__all__ = ["Inspection", "inspect"]


@dataclass(frozen=True, eq=False)
class Inspection:
    """The P people of one image, as the pose network sees them.

    Attributes
    ----------
    people : People
        What the estimator gives.
    crops : Tensor (P, 4, 2), float64
        The corners, x, y in pixels of the image, of the part that the box stands for: upper left,
        upper right, lower right, lower left in the crop.
    windows : Tensor (P, 4, 2) or None
        The same of the part that the spatial transformer (STN) chose by theta; None where there
        is none.
    heatmaps : Tensor (P, K, h, w) or None
        As the network gives them, unmirrored; None where its head decodes something else.
    matrices : Tensor (P, 2, 3), float64, or None
        Pixel of the heatmaps -> pixel of the image.
    """

    people: People
    crops: torch.Tensor
    windows: torch.Tensor | None
    heatmaps: torch.Tensor | None
    matrices: torch.Tensor | None


@inference
def inspect(
    estimator: PoseEstimator,
    image: Image,
    *,
    boxes: Sequence[Any] | None = None,
    channels: str = "rgb",
) -> Inspection:
    """Find the people in an image, and keep what the pose network saw and said.

    The network runs a second time, for those who are left after suppression.

    Parameters
    ----------
    estimator : PoseEstimator
    image, boxes, channels
        As the estimator takes them, of one image.

    Raises
    ------
    rmpe.ImageError, ValueError, TypeError
        As from the estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from rmpe import PoseEstimator
    >>> photo = np.full((480, 640, 3), 128, np.uint8)
    >>> seen = inspect(PoseEstimator(), photo, boxes=[[100, 100, 200, 300]])
    >>> seen.crops.shape, seen.windows, seen.heatmaps.shape
    (torch.Size([1, 4, 2]), None, torch.Size([1, 17, 64, 48]))
    """
    people = estimator(image, boxes=boxes, channels=channels)
    pose, card = estimator.pose, estimator.pose.card
    frames = images_as_frames(image, channels, estimator.device)
    views = look(pose, frames, people.boxes, people.image_index, estimator.stn)
    size = card.input.size
    whole = crop_matrices(people.boxes, size, convention=card.crop, padding=card.padding)
    chosen = views.matrices
    if views.theta is not None:
        chosen = compose(views.matrices, views.theta, size)
    heatmaps = matrices = None
    if isinstance(estimator.head, HeatmapHead):
        (heatmaps,) = (maps.float() for maps in views.restore(pose.network(views.crops)))
        in_crop = estimator.head.matrix((heatmaps.shape[2], heatmaps.shape[3]))
        matrices = _chain(_inverse(views.matrices), in_crop.to(views.matrices.device))
    has_window = pose.transformer is not None and estimator.stn != "off"
    return Inspection(
        people=people,
        crops=_corners(whole, size),
        windows=_corners(chosen, size) if has_window else None,
        heatmaps=heatmaps,
        matrices=matrices,
    )


def _corners(matrices: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Find in the image the corners (P, 4, 2) of crops, at the outer edges of their pixels."""
    height, width = size
    corners = torch.tensor(
        [[0, 0], [width, 0], [width, height], [0, height]], dtype=torch.float64
    ).to(matrices.device)
    inverse = _inverse(matrices)
    return (corners - 0.5) @ inverse[:, :, :2].transpose(1, 2) + inverse[:, None, :, 2]


def _inverse(matrices: torch.Tensor) -> torch.Tensor:
    linear = torch.linalg.inv(matrices[:, :, :2].double())
    return torch.cat([linear, -linear @ matrices[:, :, 2:].double()], dim=2)


def _chain(second: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """The affine maps (P, 2, 3) that apply ``first`` (2, 3), then ``second``."""
    linear = second[:, :, :2] @ first[:, :2]
    return torch.cat([linear, second[:, :, :2] @ first[:, 2:] + second[:, :, 2:]], dim=2)
