"""Which anchors stand for which people, and how a box is written relative to its anchor.

Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, section 2.2.
"""

from __future__ import annotations

import torch

__all__ = ["NOBODY", "UNKNOWN", "VARIANCES", "decode_boxes", "encode_boxes", "match_anchors"]

# What an encoded box is multiplied by: x, y, width, height.
VARIANCES = (0.1, 0.1, 0.2, 0.2)
# In place of a person's number.
NOBODY, UNKNOWN = -1, -2
# An anchor of which this share lies in an ignored region does not count as a mistake.
_COVERED = 0.5


def match_anchors(
    anchors: torch.Tensor,
    boxes: torch.Tensor,
    sample: torch.Tensor,
    ignored: torch.Tensor,
    count: int,
    *,
    positive_iou: float,
    negative_iou: float,
) -> torch.Tensor:
    """Assign a person, nobody, or neither to each anchor of each sample.

    Parameters
    ----------
    anchors : Tensor (A, 4)
        ``x1, y1, x2, y2`` in fractions of the input.
    boxes : Tensor (M, 4)
        Of people and of ignored regions, likewise; each with an area.
    sample : Tensor (M,)
        int64: the sample that each is in.
    ignored : Tensor (M,)
        bool.
    count : int
        N.
    positive_iou, negative_iou : float
        See :class:`rmpe.training.detector.config.Loss`.

    Returns
    -------
    Tensor (N, A)
        int64: the row of ``boxes``, `NOBODY` or `UNKNOWN`.
    """
    matched = torch.full((count, len(anchors)), NOBODY)
    if not len(boxes):
        return matched
    common, anchor_area = _intersection(boxes, anchors), _area(anchors)
    covered = common[ignored] / anchor_area
    matched[_best(covered, sample[ignored], count) >= _COVERED] = UNKNOWN
    people = torch.arange(len(boxes))[~ignored]
    if not len(people):
        return matched
    common, sample = common[people], sample[people]
    union = (anchor_area - common).add_(_area(boxes)[people, None])
    iou = common.div_(union)

    best = _best(iou, sample, count)
    matched[best >= negative_iou] = UNKNOWN
    # Of equally good people the first; few anchors reach the IoU of a person.
    row, anchor = (iou >= positive_iou).nonzero(as_tuple=True)
    reaches = iou[row, anchor] == best[sample[row], anchor]
    row, anchor = row[reaches].flip(0), anchor[reaches].flip(0)
    matched[sample[row], anchor] = people[row]
    # Everybody has an anchor, the best one, even where it is not good.
    matched[sample, iou.argmax(dim=1)] = people
    return matched


def encode_boxes(boxes: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """Write boxes (M, 4) relative to their anchors (M, 4), both ``x1, y1, x2, y2``."""
    centers, sides = _center(anchors), anchors[:, 2:] - anchors[:, :2]
    offsets = (_center(boxes) - centers) / sides
    growth = ((boxes[:, 2:] - boxes[:, :2]) / sides).log()
    return torch.cat([offsets, growth], dim=1) / boxes.new_tensor(VARIANCES)


def decode_boxes(encoded: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """Undo `encode_boxes`."""
    values = encoded * encoded.new_tensor(VARIANCES)
    sides = anchors[:, 2:] - anchors[:, :2]
    centers = _center(anchors) + values[:, :2] * sides
    # A first step may be wild: no box is larger than e^4 anchors.
    halves = values[:, 2:].clamp(max=4).exp() * sides / 2
    return torch.cat([centers - halves, centers + halves], dim=1)


def _best(values: torch.Tensor, sample: torch.Tensor, count: int) -> torch.Tensor:
    """Largest of the values (M, A) of each sample, and 0: (N, A)."""
    largest = values.new_zeros(count, values.shape[1])
    return largest.scatter_reduce_(0, sample[:, None].expand_as(values), values, "amax")


def _intersection(boxes: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """Common area of all pairs: (M, 4), (A, 4) -> (M, A)."""
    x1, y1, x2, y2 = anchors.T.contiguous()
    left, top, right, bottom = boxes[:, None].unbind(dim=2)
    across = (torch.minimum(right, x2) - torch.maximum(left, x1)).clamp_(min=0)
    along = (torch.minimum(bottom, y2) - torch.maximum(top, y1)).clamp_(min=0)
    return across.mul_(along)


def _area(boxes: torch.Tensor) -> torch.Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)


def _center(boxes: torch.Tensor) -> torch.Tensor:
    return (boxes[:, :2] + boxes[:, 2:]) / 2
