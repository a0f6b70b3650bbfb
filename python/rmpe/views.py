"""What the pose network sees of each box: the crop, or the part that a transformer chooses.

In training a spatial transformer (STN) resamples a crop, as in the RMPE paper. Here theta may
instead be composed with the crop's matrix: the crop is then cut from the photograph once, where it
should be, nothing is blurred twice, and the way back (SDTN) costs nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rmpe_ext import affine_sample, crop_matrices

from .method.modes import StnMode
from .method.theta import compose, reduced
from .method.transformer import detransform
from .models.pose import PoseNetwork

__all__ = ["Views", "look"]


@dataclass(frozen=True, eq=False)
class Views:
    """N crops, and the way back from them.

    Attributes
    ----------
    crops
        (N, 3, h, w), as the network takes them.
    matrices
        (N, 2, 3): image pixel -> pixel of the crops, or of what `restore` makes of heatmaps.
    theta
        (N, 2, 3) where heatmaps have to be resampled back, else None.
    """

    crops: torch.Tensor
    matrices: torch.Tensor
    theta: torch.Tensor | None

    def restore(
        self, outputs: Sequence[torch.Tensor], *, mirrored: bool = False
    ) -> Sequence[torch.Tensor]:
        """Bring the network's outputs to where ``matrices`` lead; of mirrored crops, if said so."""
        if self.theta is None:
            return outputs
        theta = self.theta
        if mirrored:
            theta = theta * theta.new_tensor([[1, -1, -1], [-1, 1, 1]])
        return [detransform(maps, theta)[0] for maps in outputs]


def look(
    pose: PoseNetwork,
    frames: Sequence[torch.Tensor],
    boxes: torch.Tensor,
    image_index: torch.Tensor,
    mode: StnMode,
) -> Views:
    """Cut the crops of boxes.

    Parameters
    ----------
    pose : PoseNetwork
    frames : sequence of Tensor (H, W, 3)
        uint8, RGB.
    boxes : Tensor (N, 4)
    image_index : Tensor (N,)
        The frame of each box.
    mode : str
        A key of :data:`rmpe.method.modes.STN`; without meaning where there is no transformer.
    """
    card = pose.card
    size = card.input.size
    matrices = crop_matrices(boxes, size, convention=card.crop, padding=card.padding)
    if pose.transformer is None or card.transformer is None or mode == "off":
        return Views(card.input.crop(frames, matrices, image_index), matrices, None)
    small = dataclasses.replace(card.input, size=card.transformer.size)
    (theta,) = pose.transformer(
        small.crop(frames, reduced(matrices, size, small.size), image_index)
    )
    composed = compose(matrices, theta, size)
    if mode == "compose":
        return Views(card.input.crop(frames, composed, image_index), composed, None)
    crops = affine_sample(card.input.crop(frames, matrices, image_index), theta, size)
    if mode == "resample":
        return Views(crops, composed, None)
    return Views(crops, matrices, theta)
