"""Single-shot detectors: images in, boxes of people out.

Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016 (arXiv 1512.02325).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from rmpe_ext import box_nms

from ..errors import ModelError
from ..models.card import ENCODINGS, DetectorCard
from ..networks.network import Network
from .detections import Detections

__all__ = ["SSDDetector"]


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
    rmpe.ModelError
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
        self._variances = torch.tensor(card.variances, dtype=torch.float32, device=network.device)

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
            none = torch.empty(0, dtype=torch.float32, device=device)
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
        # Whole numbers would be divided in torch's default dtype, which callers may have changed.
        scale = torch.tensor(spec.size[::-1], dtype=torch.float32, device=sizes.device) / sizes
        # With pixel centers at integers, a pixel x becomes scale * (x + .5) - .5.
        matrices = scale.new_zeros(len(sizes), 2, 3)
        matrices[:, :, :2] = torch.diag_embed(scale)
        matrices[:, :, 2] = 0.5 * scale - 0.5
        return spec.crop(images, matrices, torch.arange(len(sizes), device=sizes.device))

    def _decode(self, encoded: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
        """Turn M encodings and their anchors, center and size, into ``x1, y1, x2, y2``."""
        offsets = encoded[:, self._order] * self._variances
        centers = anchors[:, :2] + offsets[:, :2] * anchors[:, 2:]
        halves = offsets[:, 2:].exp() * anchors[:, 2:] / 2
        return torch.cat([centers - halves, centers + halves], dim=1)


def _centers_and_sizes(anchors: torch.Tensor, order: str) -> torch.Tensor:
    """(A, 4) in any known format -> x and y of the center, width, height."""
    if order == "xcycwh":
        return anchors
    if order == "ycxchw":
        return anchors[:, [1, 0, 3, 2]]
    lower, upper = anchors[:, :2], anchors[:, 2:]
    return torch.cat([(lower + upper) / 2, upper - lower], dim=1)
