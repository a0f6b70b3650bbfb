"""Detectors whose images are scaled to fit into the network's input, with a margin around.

YOLOX and RTMDet see an image as large as it fits, its sides in proportion, in the upper left corner
(Ge et al., "YOLOX: exceeding YOLO series in 2021", arXiv 2107.08430; Lyu et al., "RTMDet: an
empirical study of designing real-time object detectors", arXiv 2212.07784). What a network gives
differs; each kind turns it into `Detections` in pixels of the input.
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

if TYPE_CHECKING:
    import torch

    from ..models.card import DetectorCard, InputSpec, ModelFile
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


def stretch(spec: InputSpec, images: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Stretch images over a network's whole input.

    Parameters
    ----------
    spec : InputSpec
        Of the network.
    images : sequence of Tensor (H, W, 3)
        uint8, RGB.

    Returns
    -------
    batch : Tensor (N, 3, h, w)
    ratios : Tensor (N, 2)
        Pixels of the input per pixel of each image, along x and y.
    """
    import torch

    device = images[0].device
    sizes = torch.tensor([image.shape[1::-1] for image in images], device=device)
    # Whole numbers would be divided in torch's default dtype, which callers may have changed.
    scale = torch.tensor(spec.size[::-1], dtype=torch.float32, device=device) / sizes
    # With pixel centers at integers, a pixel x becomes scale * (x + .5) - .5.
    matrices = scale.new_zeros(len(sizes), 2, 3)
    matrices[:, :, :2] = torch.diag_embed(scale)
    matrices[:, :, 2] = 0.5 * scale - 0.5
    return spec.crop(images, matrices, torch.arange(len(sizes), device=device)), scale


def letterbox(
    spec: InputSpec, images: Sequence[torch.Tensor], fill: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale images to fit into a network's input, in the upper left corner of it.

    Parameters
    ----------
    spec : InputSpec
        Of the network.
    images : sequence of Tensor (H, W, 3)
        uint8, RGB.
    fill : float
        8-bit value of the margin.

    Returns
    -------
    batch : Tensor (N, 3, h, w)
    ratios : Tensor (N, 2)
        Pixels of the input per pixel of each image, along x and y. Whole pixels of the input are
        filled, so an image can be up to a pixel smaller there than this says.
    """
    import torch

    height, width = spec.size
    ratios, sizes, sources, matrices = [], [], [], []
    for image in images:
        ratio = min(height / max(image.shape[0], 1), width / max(image.shape[1], 1))
        size = [max(1, int(side * ratio)) for side in image.shape[:2]]
        scale_y, scale_x = (
            new / max(old, 1) for new, old in zip(size, image.shape[:2], strict=True)
        )
        # With pixel centers at integers, a pixel x becomes scale * (x + .5) - .5.
        shift_x, shift_y = 0.5 * scale_x - 0.5, 0.5 * scale_y - 0.5
        if max(scale_x, scale_y) > 1:
            # Pixels at the border of a small image lie between it and the margin; they are the
            # image's alone.
            image = _repeat_border(image)
            shift_x, shift_y = shift_x - scale_x, shift_y - scale_y
        ratios.append([ratio, ratio])
        sizes.append(size)
        sources.append(image)
        matrices.append([[scale_x, 0, shift_x], [0, scale_y, shift_y]])
    device = images[0].device
    index = torch.arange(len(images), device=device)
    placed = torch.tensor(matrices, dtype=torch.float64, device=device)
    batch = spec.crop(sources, placed, index, fill)
    margin = batch.new_tensor(
        [(fill * spec.scale - m) / s for m, s in zip(spec.mean, spec.std, strict=True)]
    )
    for item, (rows, columns), source, image in zip(batch, sizes, sources, images, strict=True):
        if source is not image:
            item[:, rows:] = margin[:, None, None]
            item[:, :, columns:] = margin[:, None, None]
    return batch, torch.tensor(ratios, dtype=torch.float32, device=device)


def _repeat_border(image: torch.Tensor) -> torch.Tensor:
    """Give an image (H, W, 3) another row and column on each side, like the outermost one."""
    import torch

    rows, columns = (
        torch.arange(-1, side + 1, device=image.device).clamp(0, side - 1)
        for side in image.shape[:2]
    )
    return image[rows[:, None], columns]


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
