"""Single-shot detectors: images in, boxes of people or of other classes out.

Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016 (arXiv 1512.02325).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..class_names import PERSON
from ..errors import ModelError
from ..toml_table import Table, is_fraction
from .classes import find_columns, read_classes
from .detector import choose_threshold
from .preparation import stretch

if TYPE_CHECKING:
    import torch

    from ..models.build import CardNetwork
    from ..models.card import DetectorCard, ModelFile
    from ..networks.network import Network, Shape
    from .detections import Detections

__all__ = [
    "SSD",
    "Anchors",
    "SSDDetector",
    "centers_and_sizes",
    "check_ssd_outputs",
    "decode_boxes",
]

# Orders of the four numbers that encode a box, to those of (x, y, width, height).
ENCODINGS = {"txtytwth": (0, 1, 2, 3), "tytxthtw": (1, 0, 3, 2)}
ANCHOR_FORMATS = ("xyxy", "xcycwh", "ycxchw")
# What multiplies in float32 must not vanish.
_LEAST = 1e-9


@dataclass(frozen=True)
class Anchors:
    """Where the anchors (prior boxes) of an SSD are, in fractions of the image.

    Attributes
    ----------
    file
        An ``.npz`` archive.
    key
        Of the (A, 4) array in it.
    format
        Order of its columns: one of `ANCHOR_FORMATS`.
    """

    file: ModelFile
    key: str
    format: str


@dataclass(frozen=True)
class SSD:
    """What a card says of a single-shot detector.

    See `rmpe.detectors.detector.DetectorKind`.

    Attributes
    ----------
    boxes_output, scores_output
        Names of the outputs (N, A, 4) and (N, A, classes) in an ONNX file; else ``""``.
    classes
        What each column of the scores stands for; empty for those that are not told apart.
    activation
        ``"softmax"`` where the scores are logits, ``"none"`` where they are probabilities.
    encoding, variances
        Order of the encoded box, a key of `ENCODINGS`, and what each of x, y, width and height is
        multiplied by.
    anchors
        None where the architecture brings its own.
    threshold
        Lowest score of a detection, unless the caller says otherwise.
    nms_iou
        Of two boxes that overlap more than this, the better is kept.
    """

    boxes_output: str
    scores_output: str
    classes: tuple[str, ...]
    activation: str
    encoding: str
    variances: tuple[float, ...]
    anchors: Anchors | None
    threshold: float
    nms_iou: float

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """That of the anchors, where the architecture does not bring them."""
        return () if self.anchors is None else (self.anchors.file,)

    @classmethod
    def read(cls, table: Table, *, named: bool, read_file: Callable[[Table], ModelFile]) -> SSD:
        """Read the tables ``[output]`` and ``[boxes]`` of a card."""
        output, boxes = table.table("output"), table.table("boxes")
        return cls(
            boxes_output=output.text("boxes") if named else "",
            scores_output=output.text("scores") if named else "",
            classes=read_classes(output),
            activation=output.choice("activation", ("none", "softmax")),
            encoding=boxes.choice("encoding", ENCODINGS),
            variances=boxes.numbers(
                "variances", 4, f", at least {_LEAST}", lambda value: value >= _LEAST
            ),
            anchors=_read_anchors(boxes.table("anchors"), read_file) if named else None,
            threshold=boxes.number("threshold", "a number in 0..1", is_fraction),
            nms_iou=boxes.number("nms_iou", "a number in 0..1", is_fraction),
        )

    def build(
        self, card: DetectorCard, network: CardNetwork, classes: Sequence[str]
    ) -> SSDDetector:
        """Load the network and its anchors."""
        if self.anchors is not None:
            from .anchors import read_anchors

            anchors = read_anchors(network.path(self.anchors.file), self.anchors.key)
            outputs = (self.boxes_output, self.scores_output)
            loaded = network.load_onnx(outputs, _shapes(anchors))
            return SSDDetector(card, self, loaded, anchors, self.anchors.format, classes)
        module: Any = network.load_module()
        try:
            anchors = module.anchors(card.input.size)
        except RuntimeError as error:
            raise ModelError(
                f"model {card.name} does not run on an input of {card.input.size}: {error}"
            ) from error
        loaded = network.run_module(module, _shapes(anchors))
        return SSDDetector(card, self, loaded, anchors, "xyxy", classes)


def _read_anchors(table: Table, read_file: Callable[[Table], ModelFile]) -> Anchors:
    return Anchors(
        file=read_file(table),
        key=table.text("key"),
        format=table.choice("format", ANCHOR_FORMATS),
    )


def _shapes(anchors: torch.Tensor) -> tuple[Shape, ...]:
    return (len(anchors), 4), (len(anchors), None)


class SSDDetector:
    """An SSD and all around it: stretch, normalize, decode, threshold, suppress.

    Parameters
    ----------
    card : DetectorCard
        What the network takes.
    ssd : SSD
        What it gives.
    network : Network
        Returns the encoded boxes (N, A, 4) and the scores (N, A, classes).
    anchors : Tensor (A, 4)
        In fractions of the image.
    anchor_format : str
        Order of the columns: ``"xyxy"``, ``"xcycwh"`` or ``"ycxchw"``.
    classes : sequence of str
        Those to look for, among the card's.

    Attributes
    ----------
    anchors
        (A, 4): x and y of the center, width, height, in fractions of the image.

    Raises
    ------
    rmpe.ModelError
        Where network, anchors and card disagree, or the card has no such class.
    """

    def __init__(
        self,
        card: DetectorCard,
        ssd: SSD,
        network: Network,
        anchors: torch.Tensor,
        anchor_format: str,
        classes: Sequence[str] = (PERSON,),
    ) -> None:
        check_ssd_outputs(f"model {card.name}", ssd, network.output_shapes, len(anchors))
        self._columns = find_columns(f"model {card.name}", ssd.classes, classes)
        self.classes = tuple(classes)
        self.card = card
        self.ssd = ssd
        self.network = network
        self.anchors = centers_and_sizes(anchors.float(), anchor_format).to(network.device)

    def __call__(
        self, images: Sequence[torch.Tensor], threshold: float | None = None
    ) -> Detections:
        """See `rmpe.detectors.detector.Detector`."""
        import torch

        from .detections import Detections

        threshold = choose_threshold(threshold, self.ssd.threshold)
        device = self.network.device
        if not len(images):
            return Detections.none(device)
        sizes = torch.tensor([image.shape[1::-1] for image in images], device=device)
        encoded, scores = self.outputs(images)
        return self.find(encoded, scores, sizes, threshold)

    def outputs(self, images: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """What the network says of images: encoded boxes (N, A, 4) and scores (N, A, columns)."""
        encoded, scores = self.network(stretch(self.card.input, images)[0])
        return encoded, scores

    def find(
        self,
        encoded: torch.Tensor,
        scores: torch.Tensor,
        sizes: torch.Tensor,
        threshold: float,
    ) -> Detections:
        """Choose boxes of the `outputs`, in pixels of images of ``sizes`` (N, 2): width, height."""
        from .detections import Detections, best_first

        scores = self._probabilities(scores)
        found = (scores >= threshold).nonzero(as_tuple=True)
        image_index, anchor_index, class_index = found
        scores = scores[found]
        rows = encoded[image_index, anchor_index]
        boxes = decode_boxes(self.ssd, rows, self.anchors[anchor_index])
        # Clipped to 0..1, then from fractions to pixels. NaN stays NaN.
        boxes = boxes.clamp(0, 1) * sizes.to(boxes.dtype).repeat(1, 2)[image_index]
        all_found = Detections(boxes, scores, image_index, class_index)
        chosen = best_first(all_found, len(self.classes), self.ssd.nms_iou)
        # A box without area, or of NaN, removes no other.
        return all_found.select(chosen[(boxes[:, 2:] > boxes[:, :2]).all(1)[chosen]])

    def _probabilities(self, scores: torch.Tensor) -> torch.Tensor:
        """Of the classes to look for: the network's scores (B, A, columns) -> (B, A, classes)."""
        if self.ssd.activation == "softmax" and scores.shape[2] == 2:
            # Over two it is the sigmoid of their difference.
            others = [1 - column for column in self._columns]
            return (_take(scores, self._columns) - _take(scores, others)).sigmoid()
        if self.ssd.activation == "softmax":
            scores = scores.softmax(-1)
        return _take(scores, self._columns)


def _take(scores: torch.Tensor, columns: list[int]) -> torch.Tensor:
    """Columns of scores (B, A, C); a view, where it is a single one."""
    if len(columns) == 1:
        return scores[:, :, columns[0] : columns[0] + 1]
    return scores[:, :, columns]


def check_ssd_outputs(
    source: str, ssd: SSD, shapes: Sequence[tuple[int, ...]], anchors: int
) -> None:
    """Raise ModelError unless a network gives boxes and scores for as many anchors and classes.

    Parameters
    ----------
    source : str
        Whose outputs they are, for the message.
    ssd : SSD
        Which columns have names.
    shapes : sequence of tuples
        Of one item of each output.
    anchors : int
        A.
    """
    boxes, scores = shapes
    if boxes != (anchors, 4) or len(scores) != 2 or scores[0] != anchors:
        raise ModelError(
            f"{source}: the outputs must be (N, {anchors}, 4) and (N, {anchors}, classes), as "
            f"there are {anchors} anchors, "
            f"got (N, {', '.join(map(str, boxes))}) and (N, {', '.join(map(str, scores))})"
        )
    if len(ssd.classes) > scores[1]:
        raise ModelError(
            f"{source}: the column of {ssd.classes[-1]} must be in "
            f"0..{scores[1] - 1}, as there are {scores[1]} classes, got {len(ssd.classes) - 1}"
        )


def decode_boxes(ssd: SSD, encoded: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """Turn encodings (..., 4) and their anchors, center and size, into ``x1, y1, x2, y2``."""
    import torch

    # By numbers, not by tensors, which would be copied to a GPU for each batch.
    columns = encoded.unbind(-1)
    order = ENCODINGS[ssd.encoding]
    scaled = [columns[i] * v for i, v in zip(order, ssd.variances, strict=True)]
    offsets = torch.stack(scaled, dim=-1)
    centers = anchors[..., :2] + offsets[..., :2] * anchors[..., 2:]
    halves = offsets[..., 2:].exp() * anchors[..., 2:] / 2
    return torch.cat([centers - halves, centers + halves], dim=-1)


def centers_and_sizes(anchors: torch.Tensor, order: str) -> torch.Tensor:
    """(A, 4) in any known format -> x and y of the center, width, height."""
    import torch

    if order == "xcycwh":
        return anchors
    if order == "ycxchw":
        return anchors[:, [1, 0, 3, 2]]
    lower, upper = anchors[:, :2], anchors[:, 2:]
    return torch.cat([(lower + upper) / 2, upper - lower], dim=1)
