"""How wrong a detector's scores and boxes are."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .config import Loss
from .matching import NOBODY, UNKNOWN, decode_boxes, encode_boxes

__all__ = ["box_loss", "score_loss"]

# Of the focal loss, as its authors chose them.
_ALPHA, _GAMMA = 0.25, 2.0
# Hard negatives for each positive, as in SSD.
_NEGATIVES = 3


def score_loss(logits: torch.Tensor, matched: torch.Tensor, config: Loss) -> torch.Tensor:
    """Sum over anchors that stand for a person or for nobody.

    Parameters
    ----------
    logits : Tensor (N, A, 2)
        Of nobody and of a person.
    matched : Tensor (N, A)
        See `rmpe.training.detector.matching.match_anchors`.
    config : Loss

    Returns
    -------
    Tensor ()
        To be divided by the number of positives in the whole batch.
    """
    person = matched >= 0
    entropy = F.cross_entropy(logits.flatten(0, 1), person.flatten().long(), reduction="none")
    entropy = entropy.view_as(matched)
    if config.scores == "focal":
        weight = torch.where(person, _ALPHA, 1 - _ALPHA) * (1 - (-entropy).exp()) ** _GAMMA
        return (weight * entropy)[matched != UNKNOWN].sum()
    # The negatives that look most like a person, sample by sample.
    difficulty = torch.where(matched == NOBODY, entropy.detach(), -1.0)
    rank = difficulty.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    mined = (rank < _NEGATIVES * person.sum(dim=1, keepdim=True)) & (matched == NOBODY)
    return entropy[person | mined].sum()


def box_loss(
    encoded: torch.Tensor,
    anchors: torch.Tensor,
    boxes: torch.Tensor,
    matched: torch.Tensor,
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
    config : Loss

    Returns
    -------
    Tensor ()
        To be divided by the number of positives in the whole batch.
    """
    person = matched >= 0
    found, target = encoded[person], boxes[matched[person]]
    own = anchors.expand(len(matched), -1, -1)[person]
    if config.boxes == "smooth_l1":
        return F.smooth_l1_loss(found, encode_boxes(target, own), reduction="sum")
    return (1 - _generalized_iou(decode_boxes(found, own), target)).sum()


def _generalized_iou(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """GIoU of pairs of boxes, (M, 4) each.

    ``IoU - (hull - union) / hull``, where the hull is the smallest box around both (Rezatofighi et
    al., "Generalized intersection over union", CVPR 2019).
    """
    low, high = torch.maximum(first, second), torch.minimum(first, second)
    common = (high[:, 2:] - low[:, :2]).clamp(min=0).prod(dim=1)
    hull = (low[:, 2:] - high[:, :2]).prod(dim=1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(dim=1) for boxes in (first, second)]
    union = areas[0] + areas[1] - common
    return common / union.clamp(min=1e-12) - (hull - union) / hull.clamp(min=1e-12)
