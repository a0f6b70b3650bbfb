"""Single-shot detectors: images in, boxes of people out.

Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016 (arXiv 1512.02325).
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from rmpe_ext import box_nms, crop

from ..card import ENCODINGS, Anchors, DetectorCard, ModelError, load_card, locate
from ..memory import choose_call
from .network import Network
from .onnx import OnnxNetwork
from .torch import TorchNetwork, load_weights

__all__ = ["Detections", "SSDDetector", "TorchvisionSSD", "load_detector"]

_TORCHVISION = ("ssd300_vgg16", "ssdlite320_mobilenet_v3_large")


@dataclass(frozen=True, eq=False)
class Detections:
    """M boxes of people in a batch of images.

    Attributes
    ----------
    boxes
        (M, 4) float32: ``x1, y1, x2, y2`` in image pixels, edges, so that a whole image is
        ``0, 0, width, height``.
    scores
        (M,) float32, 0..1.
    image_index
        (M,) int64: the image that each box is in.
    """

    boxes: torch.Tensor
    scores: torch.Tensor
    image_index: torch.Tensor

    def __len__(self) -> int:
        """Return the number of boxes, M."""
        return self.boxes.shape[0]


class SSDDetector:
    """An SSD and all around it: stretch, normalize, decode, threshold, suppress.

    Parameters
    ----------
    card : DetectorCard
        What the network takes and gives.
    network : Network
        Returns the encoded boxes (N, A, 4) and the scores (N, A, classes).
    anchors : Tensor (A, 4)
        In fractions of the image.
    anchor_format : str
        Order of the columns: ``"xyxy"``, ``"xcycwh"`` or ``"ycxchw"``.

    Raises
    ------
    rmpe.card.ModelError
        Where network, anchors and card disagree.
    """

    def __init__(
        self, card: DetectorCard, network: Network, anchors: torch.Tensor, anchor_format: str
    ) -> None:
        boxes, scores = network.output_shapes
        if boxes != (len(anchors), 4) or len(scores) != 2 or scores[0] != len(anchors):
            raise ModelError(
                f"model {card.name}: the outputs must be (N, {len(anchors)}, 4) and "
                f"(N, {len(anchors)}, classes), as there are {len(anchors)} anchors, "
                f"got (N, {', '.join(map(str, boxes))}) and (N, {', '.join(map(str, scores))})"
            )
        if card.person >= scores[1]:
            raise ModelError(
                f"model {card.name}: the column of people must be in 0..{scores[1] - 1}, as there "
                f"are {scores[1]} classes, got {card.person}"
            )
        self.card = card
        self.network = network
        self._anchors = _centers_and_sizes(anchors.float(), anchor_format).to(network.device)
        self._order = torch.tensor(ENCODINGS[card.encoding], device=network.device)
        self._variances = torch.tensor(card.variances, device=network.device)

    def __call__(
        self, images: Sequence[torch.Tensor], threshold: float | None = None
    ) -> Detections:
        """Find the people in a batch of images.

        Parameters
        ----------
        images : sequence of Tensor (H, W, 3)
            uint8, RGB, on the network's device; sizes may differ.
        threshold : float, optional
            Lowest score, in 0..1, in place of the card's.

        Returns
        -------
        Detections
            Image by image, best first; within the image, and each with an area.

        Raises
        ------
        TypeError, ValueError
            For a wrong dtype, shape, device or threshold.
        """
        threshold = self.card.threshold if threshold is None else threshold
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be in 0..1, got {threshold}")
        device = self.network.device
        if not len(images):
            none = torch.empty(0, device=device)
            return Detections(none.view(0, 4), none, none.long())
        sizes = torch.tensor([image.shape[1::-1] for image in images], device=device)
        encoded, scores = self.network(self._stretch(images, sizes))
        if self.card.activation == "softmax":
            scores = scores.softmax(-1)
        scores = scores[:, :, self.card.person]
        image_index, anchor_index = (scores >= threshold).nonzero(as_tuple=True)
        scores = scores[image_index, anchor_index]
        boxes = self._decode(encoded[image_index, anchor_index], self._anchors[anchor_index])
        # Clipped to 0..1, then from fractions to pixels. NaN stays NaN, and has no area.
        boxes = boxes.clamp(0, 1) * sizes[image_index].repeat(1, 2)
        usable = (boxes[:, 2:] > boxes[:, :2]).all(1)
        boxes, scores, image_index = boxes[usable], scores[usable], image_index[usable]
        kept = box_nms(boxes, scores, self.card.nms_iou, image_index=image_index).keep
        boxes, scores, image_index = boxes[kept], scores[kept], image_index[kept]
        order = scores.argsort(descending=True, stable=True)
        order = order[image_index[order].argsort(stable=True)]
        return Detections(boxes[order], scores[order], image_index[order])

    def _stretch(self, images: Sequence[torch.Tensor], sizes: torch.Tensor) -> torch.Tensor:
        """Bring images of ``sizes`` (B, 2), width and height, to the network's input."""
        spec = self.card.input
        scale = torch.tensor(spec.size[::-1], device=sizes.device) / sizes
        # With pixel centres at integers, a pixel x becomes scale * (x + .5) - .5.
        matrices = torch.zeros(len(sizes), 2, 3, device=sizes.device)
        matrices[:, :, :2] = torch.diag_embed(scale)
        matrices[:, :, 2] = 0.5 * scale - 0.5
        return crop(
            images,
            matrices,
            spec.size,
            image_index=torch.arange(len(sizes), device=sizes.device),
            scale=spec.scale,
            mean=spec.mean,
            std=spec.std,
            swap_rb=spec.channels == "bgr",
        )

    def _decode(self, encoded: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
        """Turn M encodings and their anchors, centre and size, into ``x1, y1, x2, y2``."""
        offsets = encoded[:, self._order] * self._variances
        centers = anchors[:, :2] + offsets[:, :2] * anchors[:, 2:]
        halves = offsets[:, 2:].exp() * anchors[:, 2:] / 2
        return torch.cat([centers - halves, centers + halves], dim=1)


class TorchvisionSSD(nn.Module):
    """An SSD of torchvision without what it does before and after: images in, raw heads out.

    Parameters
    ----------
    architecture : str
        ``"ssd300_vgg16"`` or ``"ssdlite320_mobilenet_v3_large"``. Weights are random; nothing is
        downloaded.
    """

    def __init__(self, architecture: str) -> None:
        super().__init__()
        from torchvision.models import detection

        if architecture not in _TORCHVISION:
            raise ModelError(
                f"architecture must be one of {', '.join(_TORCHVISION)}, got {architecture!r}"
            )
        self.ssd = getattr(detection, architecture)(weights=None, weights_backbone=None)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 3, h, w) -> encoded boxes (N, A, 4) and logits (N, A, classes)."""
        heads = self.ssd.head(list(self.ssd.backbone(images).values()))
        return heads["bbox_regression"], heads["cls_logits"]

    @torch.no_grad()
    def anchors(self, size: tuple[int, int]) -> torch.Tensor:
        """(A, 4) ``x1, y1, x2, y2`` in fractions of an input of ``size``, height and width."""
        from torchvision.models.detection.image_list import ImageList

        was_training = self.training
        device = next(self.parameters()).device
        images = torch.zeros(1, 3, *size, device=device)
        features = list(self.eval().ssd.backbone(images).values())
        self.train(was_training)
        boxes = self.ssd.anchor_generator(ImageList(images, [size]), features)[0]
        return boxes / torch.tensor(size[::-1], device=device).repeat(2)


def load_detector(
    name_or_path: str | os.PathLike,
    *,
    device: str | torch.device = "cpu",
    models_dir: str | os.PathLike | None = None,
) -> SSDDetector:
    """Build the detector of a model card.

    Parameters
    ----------
    name_or_path : str or path
        A name of :func:`rmpe.card.known_cards`, or a ``.toml`` file.
    device : str or torch.device
        Where it runs.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.card.locate`.

    Raises
    ------
    rmpe.card.ModelError
        Where the card, its files or the device cannot be used.

    Examples
    --------
    >>> detector = load_detector("ssd_mobilenet_v1_coco", models_dir="models")  # doctest: +SKIP
    >>> detector([image]).boxes.shape  # doctest: +SKIP
    torch.Size([3, 4])
    """
    card = load_card(name_or_path)
    if not isinstance(card, DetectorCard):
        raise ModelError(f"model {card.name} is a pose network; a detector is needed here")
    path = locate(card.network, models_dir)
    input_shape = (3, *card.input.size)
    if card.anchors is not None:
        anchors, anchor_format = _read_anchors(card.anchors, models_dir), card.anchors.format
        network: Network = OnnxNetwork(
            path,
            input_name=card.input.name,
            input_shape=input_shape,
            output_names=[card.boxes_output, card.scores_output],
            output_shapes=[(len(anchors), 4), (len(anchors), None)],
            device=device,
            batch_size=choose_call(card, device),
        )
    else:
        # Built without memory for weights: those that would be drawn here are thrown away.
        with torch.device("meta"):
            module = TorchvisionSSD(card.architecture)
        load_weights(module.ssd, path)
        anchors, anchor_format = module.anchors(card.input.size), "xyxy"
        network = TorchNetwork(
            module,
            input_shape=input_shape,
            output_shapes=[(len(anchors), 4), (len(anchors), None)],
            device=device,
            batch_size=choose_call(card, device),
        )
    return SSDDetector(card, network, anchors, anchor_format)


def _read_anchors(anchors: Anchors, models_dir: str | os.PathLike | None) -> torch.Tensor:
    path = locate(anchors.file, models_dir)
    try:
        with np.load(path, allow_pickle=False) as archive:
            values = torch.from_numpy(archive[anchors.key])
    except (KeyError, OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"cannot read the anchors {anchors.key} from {path}: {error}") from error
    if values.dim() != 2 or values.shape[1] != 4:
        raise ModelError(
            f"{path}: the anchors {anchors.key} must be (A, 4), got {tuple(values.shape)}"
        )
    return values


def _centers_and_sizes(anchors: torch.Tensor, order: str) -> torch.Tensor:
    """(A, 4) in any known format -> x and y of the centre, width, height."""
    if order == "xcycwh":
        return anchors
    if order == "ycxchw":
        return anchors[:, [1, 0, 3, 2]]
    lower, upper = anchors[:, :2], anchors[:, 2:]
    return torch.cat([(lower + upper) / 2, upper - lower], dim=1)
