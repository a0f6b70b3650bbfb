"""YOLOX without suppression: one row for each cell of three grids, encoded relative to the cell.

Ge et al., "YOLOX: exceeding YOLO series in 2021" (arXiv 2107.08430). A row is x, y, width, height,
objectness, and a score for each class: with cell ``(i, j)`` of a grid of stride ``s``, the center
is ``((x + i) s, (y + j) s)``, the width ``exp(width) s``, and the score of a class that of the
object times its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ModelError
from ..toml_table import Table, is_integer
from .letterbox import LetterboxDetector, LetterboxKind, read_common

if TYPE_CHECKING:
    import torch

    from ..models.build import CardNetwork
    from ..models.card import DetectorCard, ModelFile
    from .detections import Detections

__all__ = ["YOLOX"]


@dataclass(frozen=True)
class YOLOX(LetterboxKind):
    """What a card says of a YOLOX; see `rmpe.detectors.letterbox.LetterboxKind`.

    Attributes
    ----------
    output
        Name of the output (N, A, 5 + classes).
    strides
        Pixels of the input to a cell of each grid.
    """

    output: str
    strides: tuple[int, ...]

    @classmethod
    def read(cls, table: Table, *, named: bool, read_file: Callable[[Table], ModelFile]) -> YOLOX:
        """Read the tables ``[letterbox]``, ``[output]`` and ``[boxes]`` of a card."""
        output, boxes = table.table("output"), table.table("boxes")
        return cls(
            **read_common(table, output, boxes, named=named),
            output=output.text("predictions"),
            strides=tuple(
                boxes.take(
                    "strides",
                    "1 to 8 whole numbers, 1 to 1024",
                    lambda value: (
                        isinstance(value, list)
                        and 1 <= len(value) <= 8
                        and all(is_integer(stride, 1, 1024) for stride in value)
                    ),
                )
            ),
        )

    def build(
        self, card: DetectorCard, network: CardNetwork, classes: Sequence[str]
    ) -> LetterboxDetector:
        """Load the network."""
        height, width = card.input.size
        cells = sum((height // stride) * (width // stride) for stride in self.strides)
        loaded = network.load_onnx([self.output], [(cells, None)])
        columns = loaded.output_shapes[0][1] - 5
        if columns < len(self.classes):
            raise ModelError(
                f"model {card.name}: {self.output} must have a column for each of the "
                f"{len(self.classes)} classes behind the first five, got {columns}"
            )
        return LetterboxDetector(card, self, loaded, classes)

    def detect(
        self,
        outputs: Sequence[torch.Tensor],
        columns: torch.Tensor,
        threshold: float,
        size: tuple[int, int],
    ) -> Detections:
        """Find the boxes, in pixels of the input."""
        import torch

        from .detections import Detections

        (predictions,) = outputs
        scores = predictions[..., 4:5] * predictions[..., 5:][..., columns]
        found = (scores >= threshold).nonzero(as_tuple=True)
        image_index, cell_index, class_index = found
        rows = predictions[image_index, cell_index]
        cells = _cells(self.strides, size).to(rows)[cell_index]
        stride = cells[:, 2:]
        centers = (rows[:, :2] + cells[:, :2]) * stride
        halves = rows[:, 2:4].exp() * stride / 2
        boxes = torch.cat([centers - halves, centers + halves], dim=1)
        return Detections(boxes, scores[found], image_index, class_index)


@functools.lru_cache(maxsize=16)
def _cells(strides: tuple[int, ...], size: tuple[int, int]) -> torch.Tensor:
    """Column, row and stride of each cell (A, 3)."""
    import torch

    parts = []
    # The cached tensor outlives the caller's mode, and autograd saves no tensor made in that one.
    with torch.inference_mode(False):
        for stride in strides:
            rows, columns = torch.meshgrid(
                torch.arange(size[0] // stride), torch.arange(size[1] // stride), indexing="ij"
            )
            parts.append(
                torch.stack([columns, rows, torch.full_like(rows, stride)], dim=-1).view(-1, 3)
            )
        return torch.cat(parts)
