"""What an exported file makes of its network's outputs: keypoints of heatmaps, boxes of an SSD.

ONNX can express both: the reference of :func:`rmpe_ext.decode` in PyTorch is exported with the
network, and ``NonMaxSuppression`` suppresses boxes. The raw outputs stay beside the decoded ones.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

import rmpe_ext
from rmpe_ext import reference

from ..detectors.ssd import SSD, decode_boxes
from ..heads.heatmap import HeatmapHead

__all__ = ["LOWEST_SCORE", "BoxDecoding", "KeypointDecoding"]

# Boxes that score less are left out of the file's: a threshold below it finds no more.
LOWEST_SCORE = 0.01
# Of one image, all its classes together, as in the paper of SSD ("keep the top 200 detections per
# image") and in torchvision's `SSD` (detections_per_img); so of one class, too.
_MOST_BOXES = 200


class KeypointDecoding(nn.Module):
    """Turns heatmaps (N, K, H, W) into keypoints (N, K, 3): x, y in pixels of the crop, and score.

    Parameters
    ----------
    head : HeatmapHead
        How.
    """

    outputs: tuple[str, ...] = ("keypoints",)

    def __init__(self, head: HeatmapHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, heatmaps: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Decode the heatmaps of a batch."""
        keypoints, scores = reference.decode(
            self.head.smooth(heatmaps),
            convention=self.head.convention,
            matrices=torch.eye(2, 3).expand(heatmaps.shape[0], 2, 3),
            stride=self.head.stride,
            offset=self.head.offset,
            grid=self.head.grid,
        )
        return (torch.cat([keypoints, scores[..., None]], dim=-1),)

    def comparable(self, *decoded: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give the outputs as they are."""
        return decoded


class BoxDecoding(nn.Module):
    """Turns encodings (N, A, 4) and probabilities (N, A, columns) into what suppression leaves.

    That is boxes (N, R, 5), ``x1, y1, x2, y2`` in pixels of the input and the score, best first,
    and labels (N, R), the column of each. Rows beyond what was found are 0.

    Parameters
    ----------
    ssd : SSD
        How boxes are encoded, which columns have names, and when boxes repeat each other.
    anchors : Tensor (A, 4)
        Center and size of each, in fractions of the input.
    size : (int, int)
        Height and width of the input.
    """

    outputs: tuple[str, ...] = ("boxes", "labels")
    anchors: torch.Tensor
    columns: torch.Tensor
    extent: torch.Tensor

    def __init__(self, ssd: SSD, anchors: torch.Tensor, size: tuple[int, int]) -> None:
        super().__init__()
        self.ssd = ssd
        self.register_buffer("anchors", anchors)
        columns = [column for column, name in enumerate(ssd.classes) if name]
        self.register_buffer("columns", torch.tensor(columns))
        self.register_buffer("extent", torch.tensor([*size[::-1], *size[::-1]]).float())
        self._rows = min(_MOST_BOXES, len(anchors) * len(columns))

    def forward(self, encoded: torch.Tensor, scores: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Decode the outputs of a batch."""
        boxes = decode_boxes(self.ssd, encoded, self.anchors).clamp(0, 1)
        of_class = scores[..., self.columns].transpose(1, 2)  # (N, C, A)
        image, column, place = _Suppression.apply(boxes, of_class, self.ssd.nms_iou).unbind(1)
        # Written so that the exporter takes no number of images, that of its example, for constant.
        kept = (0 * of_class).index_put((image, column, place), torch.ones(()))
        total = len(self.columns) * len(self.anchors)
        best, index = (kept * of_class).reshape(-1, total).topk(self._rows)
        anchor = index % boxes.shape[1]
        chosen = boxes.gather(1, torch.stack([anchor] * 4, dim=-1)) * self.extent
        found = best > 0
        rows = torch.cat([chosen, best[..., None]], dim=-1) * found[..., None]
        return rows, self.columns[index // boxes.shape[1]] * found

    def comparable(self, boxes: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Order boxes of the same score by label and place: they may come in any order."""
        order = boxes[..., 0].argsort(dim=1, stable=True)
        for key, best_first in ((labels, False), (boxes[..., 4], True)):
            by_key = key.gather(1, order).argsort(dim=1, descending=best_first, stable=True)
            order = order.gather(1, by_key)
        return boxes.gather(1, order[..., None].expand_as(boxes)), labels.gather(1, order)


class _Suppression(torch.autograd.Function):
    """Greedy suppression of boxes (N, A, 4) by the scores (N, C, A) of each class.

    Gives the image, class and place of each box that stays, (M, 3).
    """

    @staticmethod
    def forward(ctx: Any, boxes: torch.Tensor, scores: torch.Tensor, iou: float) -> torch.Tensor:
        found = (scores > LOWEST_SCORE).nonzero()
        image, column, place = found.unbind(1)
        keep = rmpe_ext.box_nms(
            boxes[image, place],
            scores[image, column, place],
            iou,
            image_index=image * scores.shape[1] + column,
        ).keep
        return found[keep]

    @staticmethod
    def symbolic(graph: Any, boxes: Any, scores: Any, iou: float) -> Any:
        most = graph.op("Constant", value_t=torch.tensor(_MOST_BOXES))
        limits = [
            graph.op("Constant", value_t=torch.tensor(value, dtype=torch.float32))
            for value in (iou, LOWEST_SCORE)
        ]
        return graph.op("NonMaxSuppression", boxes, scores, most, *limits)
