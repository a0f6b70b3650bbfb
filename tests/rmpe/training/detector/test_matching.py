"""Anchors and people."""

import numpy as np
import pytest
import torch

from rmpe.metrics.box_iou import box_iou
from rmpe.training.detector.matching import (
    NOBODY,
    UNKNOWN,
    decode_boxes,
    encode_boxes,
    match_anchors,
)


def boxes(count, seed):
    random = torch.Generator().manual_seed(seed)
    low = torch.rand(count, 2, generator=random) * 0.6
    return torch.cat([low, low + 0.05 + torch.rand(count, 2, generator=random) * 0.35], dim=1)


def oracle(anchors, people, sample, ignored, count, positive, negative):
    """One anchor of one sample at a time."""
    iou = box_iou(people.double().numpy()[:, None], anchors.double().numpy())
    matched = np.full((count, len(anchors)), NOBODY)
    for n in range(count):
        own = [m for m in range(len(people)) if sample[m] == n and not ignored[m]]
        regions = [m for m in range(len(people)) if sample[m] == n and ignored[m]]
        for a, (x1, y1, x2, y2) in enumerate(anchors.tolist()):
            best = max(own, key=lambda m: (iou[m, a], -m), default=None)
            if best is not None and iou[best, a] >= positive:
                matched[n, a] = best
                continue
            if best is not None and iou[best, a] >= negative:
                matched[n, a] = UNKNOWN
            for m in regions:
                left, top, right, bottom = people[m].tolist()
                common = max(0, min(x2, right) - max(x1, left)) * max(
                    0, min(y2, bottom) - max(y1, top)
                )
                if common >= 0.5 * (x2 - x1) * (y2 - y1):
                    matched[n, a] = UNKNOWN
        for m in own:
            matched[n, iou[m].argmax()] = m
    return matched


@pytest.mark.parametrize("seed", range(4))
def test_every_anchor_is_matched_as_the_plain_rules_say(seed):
    anchors, people = boxes(300, seed), boxes(14, seed + 50)
    sample = torch.randint(0, 4, (14,), generator=torch.Generator().manual_seed(seed))
    ignored = torch.arange(14) % 4 == 0
    found = match_anchors(anchors, people, sample, ignored, 4, positive_iou=0.4, negative_iou=0.3)
    wanted = oracle(anchors, people, sample, ignored, 4, 0.4, 0.3)
    assert np.array_equal(found.numpy(), wanted)
    assert (wanted >= 0).sum() > 14 and (wanted == UNKNOWN).sum() > 10


@pytest.mark.parametrize("ignored", [True, False])
def test_samples_without_people(ignored):
    anchors = boxes(50, 0)
    none = torch.empty(0, 4)
    empty = torch.empty(0, dtype=torch.int64)
    options = {"positive_iou": 0.5, "negative_iou": 0.4}
    found = match_anchors(anchors, none, empty, empty.bool(), 3, **options)
    assert found.shape == (3, 50) and (found == NOBODY).all()
    whole = torch.tensor([[0.0, 0, 1, 1]])
    found = match_anchors(anchors, whole, torch.tensor([1]), torch.tensor([ignored]), 3, **options)
    # A region to ignore over everything leaves nothing that could be wrong; a person has an anchor.
    assert (found[1] == UNKNOWN).all() if ignored else (found[1] >= 0).sum() >= 1
    assert (found[[0, 2]] == NOBODY).all()


def test_encoding_is_undone():
    anchors, people = boxes(40, 1).double(), boxes(40, 2).double()
    torch.testing.assert_close(decode_boxes(encode_boxes(people, anchors), anchors), people)
    assert (encode_boxes(anchors, anchors) == 0).all()


def test_encoding_is_that_of_the_ssd_paper():
    anchor = torch.tensor([[0.2, 0.2, 0.4, 0.6]])
    box = torch.tensor([[0.25, 0.1, 0.55, 0.5]])
    wanted = [0.1 / 0.2 / 0.1, -0.1 / 0.4 / 0.1, np.log(0.3 / 0.2) / 0.2, 0]
    assert encode_boxes(box, anchor)[0].tolist() == pytest.approx(wanted, abs=1e-5)
