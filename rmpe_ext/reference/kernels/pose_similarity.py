"""The similarity of poses that parametric pose NMS compares with its threshold, in PyTorch."""

from __future__ import annotations

import torch

from ._boxes import box_sides
from ._greedy import finite_poses, over_pairs

__all__ = ["offsets", "pose_similarity_kernel", "similarity"]

_BOX_UNIT = 0.1  # of the longer side of the reference box
_SMALLEST_UNIT = 1e-12  # pixels; for a box without area, so that equal joints have distance 0


def pose_similarity_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    sigma1: float,
    sigma2: float,
    lam: float,
    squared: bool,
    box_unit: bool,
    match_box: float,
    match_radius: float,
) -> torch.Tensor:
    """The op ``pose_similarity``."""
    count, joints, _ = keypoints.shape
    weights = torch.tanh(scores / sigma1)
    finite = finite_poses(keypoints, scores) & torch.isfinite(boxes).all(1)

    def compare(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        distance2, matches = offsets(keypoints, boxes, i, j, box_unit, match_box, match_radius)
        d = similarity(distance2, matches, weights, boxes, i, j, sigma2, lam, squared, box_unit)
        return torch.where(finite[i, None] & finite[j], d, torch.nan)

    everyone = torch.arange(count, device=keypoints.device).expand(count, count)
    return over_pairs(compare, everyone, joints, keypoints.dtype)


def _unit(boxes: torch.Tensor, box_unit: bool) -> torch.Tensor:
    """Return the unit of distance of each reference box, in pixels, (N, 1, 1)."""
    longer = box_sides(boxes).amax(1)[:, None, None].double()
    return (_BOX_UNIT * longer if box_unit else torch.ones_like(longer)).clamp(min=_SMALLEST_UNIT)


def offsets(
    keypoints: torch.Tensor,
    boxes: torch.Tensor,
    i: torch.Tensor,
    j: torch.Tensor,
    box_unit: bool,
    match_box: float,
    match_radius: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compare the joints of poses i (R,) with those of poses j (R, M).

    Return their squared distances in pixels^2, and whether they match; both (R, M, K).
    """
    offset = keypoints[j] - keypoints[i, None]
    distance2 = offset.square().sum(-1)
    matches = torch.ones_like(distance2, dtype=torch.bool)
    if match_box >= 0:
        half = (0.5 * match_box * box_sides(boxes[i])).view(-1, 1, 1, 2)
        matches &= (offset.abs() <= half).all(-1)
    if match_radius >= 0:
        radius2 = (match_radius * _unit(boxes[i], box_unit)).square()
        matches &= distance2 <= radius2.to(distance2.dtype)
    return distance2, matches


def similarity(
    distance2: torch.Tensor,
    matches: torch.Tensor,
    weights: torch.Tensor,
    boxes: torch.Tensor,
    i: torch.Tensor,
    j: torch.Tensor,
    sigma2: float,
    lam: float,
    squared: bool,
    box_unit: bool,
) -> torch.Tensor:
    """Return ``d`` (R, M) of the reference poses i (R,) and the poses j (R, M)."""
    unit = _unit(boxes[i], box_unit)
    falloff = 1.0 / ((unit.square() if squared else unit) * sigma2)
    falloff = falloff.clamp(max=torch.finfo(distance2.dtype).max).to(distance2.dtype)
    distance = distance2 if squared else distance2.sqrt()
    k_sim = torch.where(matches, weights[i, None] * weights[j], 0.0).sum(2)
    h_sim = torch.exp(-falloff * distance).sum(2)
    return k_sim + lam * h_sim
