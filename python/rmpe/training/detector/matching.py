"""Which anchors stand for which people, and how a box is written relative to its anchor.

By the overlap of anchors and boxes: Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016,
section 2.2. By what the network itself makes of the anchors: Feng et al., "TOOD: Task-aligned
one-stage object detection", ICCV 2021, section 3.2.
"""

from __future__ import annotations

import torch

__all__ = [
    "COVERED",
    "NOBODY",
    "UNKNOWN",
    "VARIANCES",
    "align_anchors",
    "decode_boxes",
    "encode_boxes",
    "iou_and_union",
    "match_anchors",
]

# What an encoded box is multiplied by: x, y, width, height.
VARIANCES = (0.1, 0.1, 0.2, 0.2)
# In place of a person's number.
NOBODY, UNKNOWN = -1, -2
# An anchor of which this share lies in an ignored region does not count as a mistake.
COVERED = 0.5
# An anchor that the network may choose for a person overlaps them by more than this, has its center
# in their box, and is among the best ones, by score ** .5 * IoU ** 6.
_LEAST_IOU, _BEST = 0.1, 10
_SCORE_POWER, _IOU_POWER = 0.5, 6


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
    # Sample by sample: what is compared stays in the processor's cache.
    for number in range(count):
        row = (sample == number).nonzero()[:, 0]
        hidden, people = row[ignored[row]], row[~ignored[row]]
        if len(hidden):
            covered = _intersection(boxes[hidden], anchors).amax(dim=0) / _area(anchors)
            matched[number, covered >= COVERED] = UNKNOWN
        if len(people):
            iou = _iou(boxes[people], anchors)
            # Of equally good people the first.
            best, person = iou.max(dim=0)
            matched[number, best >= negative_iou] = UNKNOWN
            positive = best >= positive_iou
            matched[number, positive] = people[person[positive]]
            # Everybody has an anchor, the best one, even where it is not good.
            matched[number, iou.argmax(dim=1)] = people
    return matched


def align_anchors(
    matched: torch.Tensor,
    scores: torch.Tensor,
    found: torch.Tensor,
    anchors: torch.Tensor,
    boxes: torch.Tensor,
    sample: torch.Tensor,
    class_index: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Assign to each person the anchors that find them best now, in score and box together.

    Parameters
    ----------
    matched : Tensor (N, A)
        `UNKNOWN` and `NOBODY`, which stay where no person is assigned.
    scores : Tensor (N, A, C)
        Of each class, 0..1.
    found : Tensor (N, A, 4)
        ``x1, y1, x2, y2``, decoded.
    anchors : Tensor (A, 4)
    boxes : Tensor (P, 4)
        Of people, without ignored regions; all in fractions of the input.
    sample : Tensor (P,)
        int64: the sample that each is in.
    class_index : Tensor (P,)
        int64: what each is, 0 to C - 1.

    Returns
    -------
    matched : Tensor (N, A)
        With rows of ``boxes``. A person whose anchors all overlap others more has none.
    quality : Tensor (Q,)
        What the score of each anchor of a person should be, in the order of ``matched >= 0``: the
        person's best IoU for the best of their anchors, and less for the others.
    """
    matched, quality = matched.clone(), torch.zeros(matched.shape)
    centers = _center(anchors)
    for number in range(len(matched)):
        people = (sample == number).nonzero()[:, 0]
        if not len(people):
            continue
        own = boxes[people]
        iou = _iou(own, anchors)
        near = iou > _LEAST_IOU
        closest = iou.argmax(dim=1)
        near[torch.arange(len(people)), closest] = True
        person, anchor = near.nonzero(as_tuple=True)
        box, center = own[person], centers[anchor]
        inside = ((center > box[:, :2]) & (center < box[:, 2:])).all(dim=1)
        candidate = inside | (closest[person] == anchor)
        person, anchor = person[candidate], anchor[candidate]
        overlap, _ = iou_and_union(found[number, anchor], own[person])
        score = scores[number, anchor, class_index[people][person]]
        # Those that overlap nobody yet have a tiny one, so that they are candidates, too.
        alignment = (score**_SCORE_POWER * overlap**_IOU_POWER).clamp(min=1e-12)

        table = torch.zeros_like(iou).index_put_((person, anchor), alignment)
        best = table.topk(min(_BEST, len(anchors)), dim=1).values[:, -1]
        good = alignment >= best[person]
        # Who overlaps an anchor's box most has it; of equals the first.
        overlaps = torch.full_like(iou, -1).index_put_((person[good], anchor[good]), overlap[good])
        most, who = overlaps.max(dim=0)
        assigned = (most >= 0).nonzero()[:, 0]
        who = who[assigned]
        matched[number, assigned] = people[who]
        share = table[who, assigned]
        largest = share.new_zeros(len(people)).scatter_reduce_(0, who, share, "amax")
        widest = share.new_zeros(len(people)).scatter_reduce_(0, who, most[assigned], "amax")
        quality[number, assigned] = share / largest[who] * widest[who]
    return matched, quality[matched >= 0]


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


def iou_and_union(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """IoU and union of pairs of boxes, (M, 4) each."""
    low = torch.maximum(first[:, :2], second[:, :2])
    high = torch.minimum(first[:, 2:], second[:, 2:])
    common = (high - low).clamp(min=0).prod(dim=1)
    union = _area(first) + _area(second) - common
    return common / union.clamp(min=1e-12), union


def _iou(boxes: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """Of all pairs: (M, 4), (A, 4) -> (M, A)."""
    common = _intersection(boxes, anchors)
    return common / (_area(anchors) - common).add_(_area(boxes)[:, None])


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
