"""How wrong a detector's scores and boxes are."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .config import Loss
from .matching import NOBODY, UNKNOWN, decode_boxes, encode_boxes, iou_and_union

__all__ = ["box_loss", "log_odds", "person_iou", "score_loss"]

# Of the focal and the quality focal loss, as their authors chose them.
_ALPHA, _GAMMA = 0.25, 2.0
# Hard negatives for each positive, as in SSD.
_NEGATIVES = 3


def score_loss(
    logits: torch.Tensor,
    matched: torch.Tensor,
    class_index: torch.Tensor,
    quality: torch.Tensor,
    config: Loss,
) -> torch.Tensor:
    """Sum over anchors that stand for somebody or for nobody.

    Parameters
    ----------
    logits : Tensor (N, A, 1 + C)
        Of nobody and of each class.
    matched : Tensor (N, A)
        See `rmpe.training.detector.matching`.
    class_index : Tensor (M,)
        int64, 0 to C - 1: of each box that ``matched`` names.
    quality : Tensor (P,)
        What the score of each anchor that stands for somebody should be, in the order of
        ``matched >= 0``, for the quality focal loss.
    config : Loss

    Returns
    -------
    Tensor ()
        To be divided by the weight of all positives in the whole batch.
    """
    person = matched >= 0
    own = class_index[matched[person]]
    if config.scores == "quality":
        likelihood = log_odds(logits)
        wanted = torch.zeros_like(likelihood)
        sample, anchor = person.nonzero(as_tuple=True)
        wanted[sample, anchor, own] = quality
        entropy = F.binary_cross_entropy_with_logits(likelihood, wanted, reduction="none")
        weight = (wanted - likelihood.sigmoid()).abs() ** _GAMMA
        return (weight * entropy)[matched != UNKNOWN].sum()
    wanted = torch.zeros_like(matched)
    wanted[person] = 1 + own
    entropy = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none")
    entropy = entropy.view_as(matched)
    if config.scores == "focal":
        weight = torch.where(person, _ALPHA, 1 - _ALPHA) * (1 - (-entropy).exp()) ** _GAMMA
        return (weight * entropy)[matched != UNKNOWN].sum()
    # The negatives that look most like a person, sample by sample.
    difficulty = torch.where(matched == NOBODY, entropy.detach(), -1.0)
    rank = difficulty.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    mined = (rank < _NEGATIVES * person.sum(dim=1, keepdim=True)) & (matched == NOBODY)
    return entropy[person | mined].sum()


def log_odds(logits: torch.Tensor) -> torch.Tensor:
    """log(p / (1 - p)) of each class but nobody, (N, A, C), p being its softmax."""
    columns = range(logits.shape[2])
    others = [[k for k in columns if k != column] for column in columns[1:]]
    return torch.stack([logits[..., k].logsumexp(2) for k in others], 2).neg() + logits[..., 1:]


def box_loss(
    encoded: torch.Tensor,
    anchors: torch.Tensor,
    boxes: torch.Tensor,
    matched: torch.Tensor,
    weight: torch.Tensor,
    config: Loss,
) -> torch.Tensor:
    """Sum over the anchors that stand for a person.

    Parameters
    ----------
    encoded : Tensor (N, A, 4)
    anchors : Tensor (A, 4)
    boxes : Tensor (M, 4)
        Of the people.
    matched : Tensor (N, A)
    weight : Tensor (P,)
        How much each anchor that stands for a person counts, in the order of ``matched >= 0``.
    config : Loss

    Returns
    -------
    Tensor ()
        To be divided by the weight of all positives in the whole batch.
    """
    found, target, own = _of_people(encoded, anchors, boxes, matched)
    if config.boxes == "smooth_l1":
        error = F.smooth_l1_loss(found, encode_boxes(target, own), reduction="none").sum(1)
    else:
        error = 1 - _generalized_iou(decode_boxes(found, own), target)
    return (error * weight).sum()


def person_iou(
    encoded: torch.Tensor, anchors: torch.Tensor, boxes: torch.Tensor, matched: torch.Tensor
) -> torch.Tensor:
    """IoU of the boxes that were found with those that they should be, without a gradient.

    Parameters
    ----------
    encoded, anchors, boxes, matched : Tensor
        As `box_loss` takes them.

    Returns
    -------
    Tensor (P,)
        One for each anchor that stands for a person, in the order of ``matched >= 0``.
    """
    found, target, own = _of_people(encoded.detach(), anchors, boxes, matched)
    return iou_and_union(decode_boxes(found, own), target)[0]


def _of_people(
    encoded: torch.Tensor, anchors: torch.Tensor, boxes: torch.Tensor, matched: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What was found, the person's box and the anchor, (P, 4) each, of the positives."""
    person = matched >= 0
    own = anchors.expand(len(matched), -1, -1)[person]
    return encoded[person], boxes[matched[person]], own


def _generalized_iou(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """GIoU of pairs of boxes, (M, 4) each.

    ``IoU - (hull - union) / hull``, where the hull is the smallest box around both (Rezatofighi et
    al., "Generalized intersection over union", CVPR 2019).
    """
    iou, union = iou_and_union(first, second)
    low, high = torch.maximum(first, second), torch.minimum(first, second)
    hull = (low[:, 2:] - high[:, :2]).prod(dim=1)
    return iou - (hull - union) / hull.clamp(min=1e-12)
