"""Networks that give boxes and the scores of each, and leave it to others to suppress them.

RTMDet is exported so where suppression is left out of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ModelError
from ..toml_table import Table
from .letterbox import LetterboxDetector, LetterboxKind, read_common

if TYPE_CHECKING:
    import torch

    from ..models.build import CardNetwork
    from ..models.card import DetectorCard, ModelFile
    from .detections import Detections

__all__ = ["Decoded"]


@dataclass(frozen=True)
class Decoded(LetterboxKind):
    """What a card says of such a network; see `rmpe.detectors.letterbox.LetterboxKind`.

    Attributes
    ----------
    boxes_output
        Name of the output (N, A, 4): ``x1, y1, x2, y2`` in pixels of the input.
    scores_output
        Name of the output (N, A, classes), probabilities.
    """

    boxes_output: str
    scores_output: str

    @classmethod
    def read(cls, table: Table, *, named: bool, read_file: Callable[[Table], ModelFile]) -> Decoded:
        """Read the tables ``[letterbox]``, ``[output]`` and ``[boxes]`` of a card."""
        output, boxes = table.table("output"), table.table("boxes")
        return cls(
            **read_common(table, output, boxes, named=named),
            boxes_output=output.text("boxes"),
            scores_output=output.text("scores"),
        )

    def build(
        self, card: DetectorCard, network: CardNetwork, classes: Sequence[str]
    ) -> LetterboxDetector:
        """Load the network."""
        names = (self.boxes_output, self.scores_output)
        loaded = network.load_onnx(names, [(None, 4), (None, None)])
        boxes, scores = loaded.output_shapes
        if scores[0] != boxes[0] or scores[1] < len(self.classes):
            raise ModelError(
                f"model {card.name}: {self.scores_output} must be (N, {boxes[0]}, at least "
                f"{len(self.classes)}), as there are {boxes[0]} boxes, "
                f"got (N, {', '.join(map(str, scores))})"
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
        from .detections import Detections

        boxes, scores = outputs
        scores = scores[..., columns]
        found = (scores >= threshold).nonzero(as_tuple=True)
        image_index, box_index, class_index = found
        return Detections(boxes[image_index, box_index], scores[found], image_index, class_index)
