"""Networks that suppress repeated boxes themselves, as OpenMMLab's ``end2end.onnx`` does.

They give as many rows as there are things in the image, x1, y1, x2, y2 and score, and may give the
class of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..class_names import PERSON
from ..errors import ModelError
from ..toml_table import Table
from .letterbox import LetterboxDetector, LetterboxKind, read_common

if TYPE_CHECKING:
    import torch

    from ..models.build import CardNetwork
    from ..models.card import DetectorCard, ModelFile
    from .detections import Detections

__all__ = ["EndToEnd"]

# Of one image; OpenMMLab's files give 100 or 200.
_MOST_ROWS = 1000


@dataclass(frozen=True)
class EndToEnd(LetterboxKind):
    """What a card says of such a network; see `rmpe.detectors.letterbox.LetterboxKind`.

    Attributes
    ----------
    boxes_output
        Name of the output (N, rows, 5), in pixels of the input.
    labels_output
        Name of the output (N, rows), the number of the class of each; ``""`` where there is one.
    """

    boxes_output: str
    labels_output: str

    @classmethod
    def read(
        cls, table: Table, *, named: bool, read_file: Callable[[Table], ModelFile]
    ) -> EndToEnd:
        """Read the tables ``[letterbox]``, ``[output]`` and ``[boxes]`` of a card."""
        output, boxes = table.table("output"), table.table("boxes")
        common = read_common(table, output, boxes, named=named, suppresses=True)
        labels = "labels" in output
        if not labels and common["classes"] != (PERSON,):
            raise ModelError(
                f"{table.path}: output.labels is missing; without it all boxes must be those of "
                "people, which is person = 0"
            )
        return cls(
            **common,
            boxes_output=output.text("boxes"),
            labels_output=output.text("labels") if labels else "",
        )

    def build(
        self, card: DetectorCard, network: CardNetwork, classes: Sequence[str]
    ) -> LetterboxDetector:
        """Load the network."""
        names = [name for name in (self.boxes_output, self.labels_output) if name]
        shapes = [(_MOST_ROWS, 5), (_MOST_ROWS,)][: len(names)]
        loaded = network.load_onnx(names, shapes, rows=_MOST_ROWS)
        return LetterboxDetector(card, self, loaded, classes)

    def detect(
        self,
        outputs: Sequence[torch.Tensor],
        columns: torch.Tensor,
        threshold: float,
        size: tuple[int, int],
    ) -> Detections:
        """Find the boxes, in pixels of the input."""
        from .detections import Detections

        boxes, labels = outputs[0], outputs[1] if self.labels_output else None
        scores = boxes[..., 4:].expand(*boxes.shape[:2], len(columns))
        wanted = scores >= threshold
        if labels is not None:
            wanted = wanted & (labels[..., None] == columns)
        image_index, row_index, class_index = wanted.nonzero(as_tuple=True)
        rows = boxes[image_index, row_index]
        return Detections(rows[:, :4], rows[:, 4], image_index, class_index)
