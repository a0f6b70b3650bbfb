"""Keypoints that the network itself gives, as MoveNet does for one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmpe_ext.conventions import ConventionName

from ..errors import ModelError
from ..toml_table import Table
from .head import refuse_convention
from .points import average_mirrored, to_image

if TYPE_CHECKING:
    import torch

    from ..networks.network import Shape

__all__ = ["MoveNetHead"]


@dataclass(frozen=True)
class MoveNetHead:
    """Brings keypoints (N, 1, K, 3) of crops back into the image; see `rmpe.heads.head.Head`.

    The three numbers are y and x, in fractions of the crop's height and width, and the score.

    Attributes
    ----------
    outputs
        The name of the keypoints in an ONNX file, or empty.
    size
        Height and width of the crops.
    offset
        The fraction ``x`` is the crop pixel ``width * x + offset``, and y likewise.

    Examples
    --------
    >>> import torch
    >>> head = MoveNetHead((), size=(256, 256), offset=-0.5)
    >>> head.decode([torch.tensor([[[[0.25, 0.5, 0.9]]]])], torch.eye(2, 3)[None])
    (tensor([[[127.5000,  63.5000]]]), tensor([[0.9000]]))
    """

    outputs: tuple[str, ...]
    size: tuple[int, int]
    offset: float

    @classmethod
    def read(cls, table: Table, *, named: bool, size: tuple[int, int]) -> MoveNetHead:
        """Read the table ``[movenet]`` of a card."""
        return cls(
            outputs=(table.text("output"),) if named else (),
            size=size,
            offset=table.number("offset", "a number of crop pixels", lambda _: True),
        )

    def output_shapes(self, joints: int, size: tuple[int, int]) -> tuple[Shape, ...]:
        """Shape of one person's keypoints."""
        if size != self.size:
            raise ModelError(f"the crops of a MoveNet must be {self.size}, got {size}")
        return ((1, joints, 3),)

    def with_convention(self, convention: ConventionName) -> MoveNetHead:
        """Refuse: conventions say how heatmaps are read."""
        refuse_convention("MoveNet", convention)

    def decode(
        self,
        outputs: Sequence[torch.Tensor],
        matrices: torch.Tensor,
        *,
        mirrored: Sequence[torch.Tensor] | None = None,
        flip_pairs: Sequence[tuple[int, int]] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn fractions into keypoints (N, K, 2) in the image, and scores (N, K)."""
        found = self._in_crop(outputs[0])
        if mirrored is not None:
            others = self._in_crop(mirrored[0])
            found = average_mirrored(found, others, self.size[1], flip_pairs or ())
        points, scores = found
        return to_image(points, matrices), scores

    def _in_crop(self, output: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pixels of the crop (N, K, 2), and scores."""
        found = output[:, 0]
        height, width = self.size
        points = found[..., [1, 0]] * found.new_tensor([width, height]) + self.offset
        return points, found[..., 2]
