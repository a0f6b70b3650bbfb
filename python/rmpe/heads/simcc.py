"""Two vectors for each joint (SimCC): each classifies one coordinate of the keypoint into bins.

Li et al., "SimCC: a simple coordinate classification perspective for human pose estimation",
ECCV 2022 (arXiv 2107.03332). RTMPose's networks are of this kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import rmpe_ext
from rmpe_ext.conventions import ConventionName
from rmpe_ext.validation.decode_simcc import SimccScore

from ..errors import ModelError
from ..toml_table import Table
from .head import refuse_convention

if TYPE_CHECKING:
    import torch

    from ..networks.network import Shape

__all__ = ["SimCCHead"]


@dataclass(frozen=True)
class SimCCHead:
    """Decodes vectors (N, K, Wx) and (N, K, Hy) with :func:`rmpe_ext.decode_simcc`.

    See `rmpe.heads.head.Head`.

    Attributes
    ----------
    outputs
        The names of the vectors of x and of y in an ONNX file, or empty.
    split_ratio
        Bins per crop pixel.
    score
        Of a keypoint, from the largest values of its two vectors; see
        :func:`rmpe_ext.decode_simcc`.

    Examples
    --------
    >>> import torch
    >>> x_maps, y_maps = torch.zeros(1, 1, 384), torch.zeros(1, 1, 512)
    >>> x_maps[0, 0, 101], y_maps[0, 0, 300] = 0.75, 0.5
    >>> SimCCHead((), split_ratio=2.0).decode([x_maps, y_maps], torch.eye(2, 3)[None])
    (tensor([[[ 50.5000, 150.0000]]]), tensor([[0.5000]]))
    """

    outputs: tuple[str, ...]
    split_ratio: float
    score: SimccScore = "min"

    @classmethod
    def read(cls, table: Table, *, named: bool, size: tuple[int, int]) -> SimCCHead:
        """Read the table ``[simcc]`` of a card."""
        return cls(
            outputs=(table.text("x_output"), table.text("y_output")) if named else (),
            split_ratio=table.number(
                "split_ratio", "a number, 1 to 64", lambda value: 1 <= value <= 64
            ),
            score=table.choice("score", get_args(SimccScore)) if "score" in table else "min",
        )

    def output_shapes(self, joints: int, size: tuple[int, int]) -> tuple[Shape, ...]:
        """Shapes of one person's vectors of x and of y."""
        bins = [side * self.split_ratio for side in size]
        if not all(count.is_integer() and count >= 1 for count in bins):
            raise ModelError(
                "simcc.split_ratio must give whole numbers of bins: with an input of "
                f"{size[0]}x{size[1]}, {self.split_ratio:g} gives {bins[0]:g} and {bins[1]:g}"
            )
        return (joints, int(bins[1])), (joints, int(bins[0]))

    def with_convention(self, convention: ConventionName) -> SimCCHead:
        """Refuse: conventions say how heatmaps are read."""
        refuse_convention("SimCC network", convention)

    def decode(
        self,
        outputs: Sequence[torch.Tensor],
        matrices: torch.Tensor,
        *,
        mirrored: Sequence[torch.Tensor] | None = None,
        flip_pairs: Sequence[tuple[int, int]] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn vectors into keypoints (N, K, 2) in the image, and scores (N, K)."""
        x_maps, y_maps = outputs
        return rmpe_ext.decode_simcc(
            x_maps,
            y_maps,
            split_ratio=self.split_ratio,
            score=self.score,
            matrices=matrices,
            flipped=None if mirrored is None else (mirrored[0], mirrored[1]),
            flip_pairs=flip_pairs,
        )
