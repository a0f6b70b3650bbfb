"""Keypoints that the network itself gives, in pixels of the crop.

`rmpe export --decoded` writes such files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmpe_ext.conventions import ConventionName

from ..toml_table import Table
from .head import refuse_convention

if TYPE_CHECKING:
    import torch

    from ..networks.network import Shape

__all__ = ["PointsHead", "average_mirrored", "to_image"]


@dataclass(frozen=True)
class PointsHead:
    """Brings keypoints (N, K, 3) of crops back into the image; see `rmpe.heads.head.Head`.

    The three numbers are x and y, in pixels of the crop with their centers at whole numbers, and
    the score.

    Attributes
    ----------
    outputs
        The name of the keypoints in an ONNX file, or empty.
    width
        Of the crops.

    Examples
    --------
    >>> import torch
    >>> head = PointsHead((), width=192)
    >>> head.decode([torch.tensor([[[20.0, 30.0, 0.9]]])], torch.eye(2, 3)[None])
    (tensor([[[20., 30.]]]), tensor([[0.9000]]))
    """

    outputs: tuple[str, ...]
    width: int

    @classmethod
    def read(cls, table: Table, *, named: bool, size: tuple[int, int]) -> PointsHead:
        """Read the table ``[points]`` of a card."""
        return cls(outputs=(table.text("output"),) if named else (), width=size[1])

    def output_shapes(self, joints: int, size: tuple[int, int]) -> tuple[Shape, ...]:
        """Shape of one person's keypoints."""
        return ((joints, 3),)

    def with_convention(self, convention: ConventionName) -> PointsHead:
        """Refuse: conventions say how heatmaps are read."""
        refuse_convention("network that gives keypoints", convention)

    def decode(
        self,
        outputs: Sequence[torch.Tensor],
        matrices: torch.Tensor,
        *,
        mirrored: Sequence[torch.Tensor] | None = None,
        flip_pairs: Sequence[tuple[int, int]] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn pixels of crops into keypoints (N, K, 2) in the image, and scores (N, K)."""
        points, scores = outputs[0][..., :2], outputs[0][..., 2]
        if mirrored is not None:
            others = mirrored[0][..., :2], mirrored[0][..., 2]
            points, scores = average_mirrored(
                (points, scores), others, self.width, flip_pairs or ()
            )
        return to_image(points, matrices), scores


def average_mirrored(
    found: tuple[torch.Tensor, torch.Tensor],
    mirrored: tuple[torch.Tensor, torch.Tensor],
    width: int,
    flip_pairs: Sequence[tuple[int, int]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Average keypoints (N, K, 2) and scores (N, K) with those of the mirrored crops.

    Parameters
    ----------
    found, mirrored : (Tensor, Tensor)
        Points in pixels of the crops, and scores.
    width : int
        Of the crops.
    flip_pairs : sequence of (int, int)
        The joints that change sides in a mirror.
    """
    (points, scores), (others, other_scores) = found, mirrored
    others = others.clone()
    others[..., 0] = width - 1 - others[..., 0]
    order = list(range(points.shape[1]))
    for left, right in flip_pairs:
        order[left], order[right] = right, left
    return (points + others[:, order]) / 2, (scores + other_scores[:, order]) / 2


def to_image(points: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Points (N, K, 2) through the inverses of (N, 2, 3); not finite where there is none."""
    import torch

    (xx, xy, x0), (yx, yy, y0) = (row.unbind(1) for row in matrices.double().unbind(1))
    inverse = torch.stack([yy, -xy, -yx, xx], dim=1).view(-1, 2, 2)
    inverse = inverse / (xx * yy - xy * yx)[:, None, None]
    moved = points.double() - torch.stack([x0, y0], dim=1)[:, None]
    return (moved @ inverse.mT).to(points.dtype)
