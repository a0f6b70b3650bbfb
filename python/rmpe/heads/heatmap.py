"""One heatmap for each joint: the keypoint is at its peak."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rmpe_ext
from rmpe_ext.conventions import CONVENTIONS, GRIDS, ConventionName, Grid

from ..arguments import check_name
from ..errors import ModelError
from ..toml_table import Table, is_number

if TYPE_CHECKING:
    import torch

    from ..networks.network import Shape

__all__ = ["HeatmapHead"]


@dataclass(frozen=True)
class HeatmapHead:
    """Decodes heatmaps (N, K, H, W) with :func:`rmpe_ext.decode`; see `rmpe.heads.head.Head`.

    Attributes
    ----------
    outputs
        The name of the heatmaps in an ONNX file, or empty.
    convention
        How a peak is refined; one of :data:`rmpe_ext.conventions.CONVENTIONS`.
    grid
        How heatmap pixels lie on crop pixels: one of :data:`rmpe_ext.conventions.GRIDS`. That of
        the convention, unless the card has another.
    stride, offset
        A heatmap pixel ``x`` is the crop pixel ``stride * x + offset``.
    blur
        Weights, symmetric and odd in number, that smooth each heatmap along both axes before it is
        decoded; None where it is decoded as it comes.

    Examples
    --------
    >>> import torch
    >>> head = HeatmapHead((), "hrnet", "asymmetric", stride=4, offset=0.0, blur=None)
    >>> heatmaps = torch.zeros(1, 1, 64, 48)
    >>> heatmaps[0, 0, 20, 10] = 0.9
    >>> head.decode([heatmaps], torch.eye(2, 3)[None])
    (tensor([[[40., 80.]]]), tensor([[0.9000]]))
    """

    outputs: tuple[str, ...]
    convention: ConventionName
    grid: Grid
    stride: int
    offset: float
    blur: tuple[float, ...] | None

    @classmethod
    def read(cls, table: Table, *, named: bool, size: tuple[int, int]) -> HeatmapHead:
        """Read the table ``[heatmap]`` of a card."""
        convention = table.choice("convention", CONVENTIONS)
        return cls(
            outputs=(table.text("output"),) if named else (),
            convention=convention,
            grid=table.choice("grid", GRIDS) if "grid" in table else CONVENTIONS[convention].grid,
            stride=table.integer("stride", 1, 64),
            offset=table.number("offset", "a number of crop pixels", lambda _: True),
            blur=_read_blur(table) if "blur" in table else None,
        )

    def output_shapes(self, joints: int, size: tuple[int, int]) -> tuple[Shape, ...]:
        """Shape of one person's heatmaps."""
        height, width = (side // self.stride for side in size)
        if min(height, width) < 1:
            raise ModelError(
                f"heatmap.stride must be at most the smaller side of the input, {min(size)}, "
                f"got {self.stride}"
            )
        if self.blur is not None and len(self.blur) // 2 >= min(height, width):
            raise ModelError(
                f"heatmap.blur of {len(self.blur)} weights is too wide for heatmaps of "
                f"{height}x{width}"
            )
        return ((joints, height, width),)

    def with_convention(self, convention: ConventionName) -> HeatmapHead:
        """Refine peaks in another way, on the same grid."""
        check_name("convention", convention, CONVENTIONS)
        return dataclasses.replace(self, convention=convention)

    def decode(
        self,
        outputs: Sequence[torch.Tensor],
        matrices: torch.Tensor,
        *,
        mirrored: Sequence[torch.Tensor] | None = None,
        flip_pairs: Sequence[tuple[int, int]] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn heatmaps into keypoints (N, K, 2) in the image, and scores (N, K)."""
        return rmpe_ext.decode(
            self.smooth(outputs[0]),
            convention=self.convention,
            matrices=matrices,
            flipped=None if mirrored is None else self.smooth(mirrored[0]),
            flip_pairs=flip_pairs,
            stride=self.stride,
            offset=self.offset,
            grid=self.grid,
        )

    def matrix(self, size: tuple[int, int]) -> torch.Tensor:
        """Give the matrix, (2, 3) float64: pixel of heatmaps (h, w) of a size -> crop pixel."""
        import torch

        height, width = size
        gains = [
            (self.stride * side - 1) / (side - 1)
            if self.grid == "align_corners" and side > 1
            else self.stride
            for side in (width, height)
        ]
        rows = [[gains[0], 0, self.offset], [0, gains[1], self.offset]]
        return torch.tensor(rows, dtype=torch.float64)

    def smooth(self, heatmaps: torch.Tensor) -> torch.Tensor:
        """Blur heatmaps (N, K, H, W), if they are to be before they are decoded."""
        if self.blur is None:
            return heatmaps
        rows, columns = (
            _blur_matrix(size, self.blur, heatmaps.device) for size in heatmaps.shape[-2:]
        )
        return rows @ heatmaps @ columns.T


@functools.lru_cache(maxsize=16)
def _blur_matrix(size: int, weights: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """A filter over ``size`` values as a (size, size) matrix, mirrored beyond the border.

    The border is OpenCV's default, in which the outermost value is not repeated. On small heatmaps
    two products with such matrices are many times as fast as two convolutions.
    """
    import torch

    reach = len(weights) // 2
    # The cached matrix outlives the caller's mode, and autograd saves no tensor made in that one.
    with torch.inference_mode(False):
        taps = torch.arange(-reach, reach + 1, device=device)
        source = (torch.arange(size, device=device)[:, None] + taps).abs()
        source = torch.where(source < size, source, 2 * (size - 1) - source)
        values = torch.tensor(weights, dtype=torch.float32, device=device).expand(size, -1)
        matrix = torch.zeros(size, size, dtype=torch.float32, device=device)
        return matrix.scatter_add_(1, source, values)


def _read_blur(table: Table) -> tuple[float, ...]:
    def valid(value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) % 2 == 1
            and all(map(is_number, value))
            and value == value[::-1]
            and math.isclose(sum(value), 1, abs_tol=1e-6)
        )

    weights = table.take("blur", "an odd number of weights, symmetric, with the sum 1", valid)
    return tuple(map(float, weights))
