"""Detectors whose outputs are boxes in pixels of the input, once their kind has read them.

YOLOX and RTMDet see an image as large as it fits, its sides in proportion, in the upper left corner
(Ge et al., "YOLOX: exceeding YOLO series in 2021", arXiv 2107.08430; Lyu et al., "RTMDet: an
empirical study of designing real-time object detectors", arXiv 2212.07784), others see it stretched
(`rmpe.detectors.preparation`). What a network gives differs; each kind turns it into `Detections`
in pixels of the input.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..class_names import PERSON
from ..errors import ModelError
from ..toml_table import Table, is_fraction
from .classes import find_columns, read_classes
from .detector import choose_threshold
from .preparation import letterbox, stretch

if TYPE_CHECKING:
    import torch

    from ..models.card import DetectorCard, ModelFile
    from ..networks.network import Network
    from .detections import Detections

__all__ = ["LetterboxDetector", "LetterboxKind", "read_common"]


@dataclass(frozen=True)
class LetterboxKind(ABC):
    """What cards say of all such networks, and what `LetterboxDetector` asks of a kind.

    It is a `rmpe.detectors.detector.DetectorKind` but for ``read`` and ``build``.

    Attributes
    ----------
    classes
        The name of each class of the network.
    fill
        8-bit value of the margin; None: there is none, as images are stretched over the whole
        input.
    threshold
        Lowest score of a detection, unless the caller says otherwise.
    nms_iou
        Of two boxes that overlap more, the better is kept; None: the network has done that.
    """

    classes: tuple[str, ...]
    fill: float | None
    threshold: float
    nms_iou: float | None

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """None besides the network's."""
        return ()

    @abstractmethod
    def detect(
        self,
        outputs: Sequence[torch.Tensor],
        columns: torch.Tensor,
        threshold: float,
        size: tuple[int, int],
    ) -> Detections:
        """Find the boxes, in pixels of the input, whose score is at least the threshold.

        Parameters
        ----------
        outputs : sequence of Tensors
            Of N images.
        columns : Tensor (C,)
            The numbers of the classes to look for.
        threshold : float
        size : (int, int)
            Height and width of the input.
        """


class LetterboxDetector:
    """A network and all around it: scale, pad, normalize, decode, threshold, suppress.

    Parameters
    ----------
    card : DetectorCard
        What the network takes.
    kind : LetterboxKind
        What it gives.
    network : Network
    classes : sequence of str
        Those to look for, among the kind's.

    Raises
    ------
    rmpe.ModelError
        Where the network has no such class.
    """

    def __init__(
        self,
        card: DetectorCard,
        kind: LetterboxKind,
        network: Network,
        classes: Sequence[str] = (PERSON,),
    ) -> None:
        import torch

        columns = find_columns(f"model {card.name}", kind.classes, classes)
        self.classes = tuple(classes)
        self.card = card
        self.kind = kind
        self.network = network
        self._columns = torch.tensor(columns, device=network.device)

    def __call__(
        self, images: Sequence[torch.Tensor], threshold: float | None = None
    ) -> Detections:
        """See `rmpe.detectors.detector.Detector`."""
        import torch

        from .detections import Detections, best_first

        threshold = choose_threshold(threshold, self.kind.threshold)
        device = self.network.device
        if not len(images):
            return Detections.none(device)
        batch, ratios = (
            stretch(self.card.input, images)
            if self.kind.fill is None
            else letterbox(self.card.input, images, self.kind.fill)
        )
        outputs = self.network(batch)
        found = self.kind.detect(outputs, self._columns, threshold, self.card.input.size)
        ratio = ratios[found.image_index].repeat(1, 2)
        found = Detections(found.boxes / ratio, found.scores, found.image_index, found.class_index)
        # An encoding may overflow.
        found = found.select(found.boxes.isfinite().all(1))
        found = found.select(best_first(found, len(self.classes), self.kind.nms_iou))
        sizes = torch.tensor([image.shape[1::-1] for image in images], device=device)
        limits = sizes[found.image_index].repeat(1, 2).to(found.boxes.dtype)
        boxes = found.boxes.clamp(min=0).minimum(limits)
        found = Detections(boxes, found.scores, found.image_index, found.class_index)
        return found.select((boxes[:, 2:] > boxes[:, :2]).all(1))


def read_common(
    table: Table, output: Table, boxes: Table, *, named: bool, suppresses: bool = False
) -> dict[str, Any]:
    """Read what all such cards hold.

    Parameters
    ----------
    table, output, boxes : Table
        The card, and its tables ``[output]`` and ``[boxes]``; ``[letterbox]`` is read here.
    named : bool
        Whether outputs have names, as those of an ONNX file do.
    suppresses : bool
        Whether the network suppresses repeated boxes itself.

    Returns
    -------
    dict
        The fields of `LetterboxKind`.

    Raises
    ------
    rmpe.ModelError
        Unless outputs have names, and where a key is missing or its value wrong.
    """
    if not named:
        raise ModelError(f'{table.path}: runtime must be "onnx" for this kind of detector')
    return {
        "classes": read_classes(output),
        "fill": _read_fill(table),
        "threshold": boxes.number("threshold", "a number in 0..1", is_fraction),
        "nms_iou": None if suppresses else boxes.number("nms_iou", "a number in 0..1", is_fraction),
    }


def _read_fill(table: Table) -> float | None:
    preparations = ("letterbox", "stretch")
    if "preparation" in table and table.choice("preparation", preparations) == "stretch":
        return None
    return table.table("letterbox").number(
        "fill", "an 8-bit value, 0 to 255", lambda value: 0 <= value <= 255
    )
