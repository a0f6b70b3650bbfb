"""Anchors and people."""

import numpy as np
import pytest
import torch

from rmpe.metrics.box_iou import box_iou
from rmpe.training.detector.matching import (
    NOBODY,
    UNKNOWN,
    align_anchors,
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


def aligned_oracle(matched, scores, found, anchors, people, sample, class_index):
    """One person and one anchor at a time; the quality of each anchor beside."""
    matched, quality = matched.numpy().copy(), np.zeros(matched.shape)
    anchors = anchors.double().numpy()
    people, found, scores = people.double().numpy(), found.double().numpy(), scores.double().numpy()
    for n in range(len(matched)):
        own = [m for m in range(len(people)) if sample[m] == n]
        fits, overlaps = {}, {}
        for m in own:
            x1, y1, x2, y2 = people[m]
            near = box_iou(people[m], anchors)
            for a, anchor in enumerate(anchors):
                x, y = (anchor[:2] + anchor[2:]) / 2
                if (x1 < x < x2 and y1 < y < y2 and near[a] > 0.1) or a == near.argmax():
                    overlaps[m, a] = float(box_iou(people[m], found[n, a]))
                    score = scores[n, a, class_index[m]]
                    fits[m, a] = max(1e-12, score**0.5 * overlaps[m, a] ** 6)
        for m in own:
            best = sorted((fit for (who, _), fit in fits.items() if who == m), reverse=True)[:10]
            fits = {key: v for key, v in fits.items() if key[0] != m or v >= best[-1]}
        has = {}
        for a in {a for _, a in fits}:
            has[a] = max((m for m, b in fits if a == b), key=lambda m: (overlaps[m, a], -m))
        for a, m in has.items():
            mine = [b for b, who in has.items() if who == m]
            largest, widest = max(fits[m, b] for b in mine), max(overlaps[m, b] for b in mine)
            matched[n, a], quality[n, a] = m, fits[m, a] / largest * widest
    return matched, quality[matched >= 0]


def crowd(seed):
    """Four samples, of which one has no people, and what a network makes of their anchors."""
    random = torch.Generator().manual_seed(seed)
    anchors, people = boxes(200, seed), boxes(12, seed + 50)
    sample = torch.randint(0, 3, (12,), generator=random)
    class_index = torch.randint(0, 2, (12,), generator=random)
    scores = torch.rand(4, 200, 2, generator=random)
    found = anchors + 0.03 * torch.randn(4, 200, 4, generator=random)
    found[..., 2:] = found[..., :2] + (found[..., 2:] - found[..., :2]).clamp(min=0.01)
    settled = torch.full((4, 200), NOBODY)
    settled[:, ::7] = UNKNOWN
    return settled, scores, found, anchors, people, sample, class_index


@pytest.mark.parametrize("seed", range(4))
def test_the_network_s_choice_is_that_of_the_plain_rules(seed):
    given = crowd(seed)
    matched, quality = align_anchors(*given)
    wanted, wanted_quality = aligned_oracle(*given)
    assert np.array_equal(matched.numpy(), wanted)
    np.testing.assert_allclose(quality.numpy(), wanted_quality, rtol=1e-3, atol=1e-6)
    assert (wanted >= 0).sum() > 24 and 0 < quality.min() and quality.max() <= 1
    # What was settled stays where nobody is, and the caller's tensor as it was.
    assert (matched[3] == given[0][3]).all() and (given[0] < 0).all()


def test_of_two_boxes_the_better_one_has_the_higher_quality():
    """Both scores are alike; a person's best anchor gets the IoU of its box."""
    person = torch.tensor([[0.2, 0.2, 0.6, 0.8]])
    anchors = person.repeat(3, 1) + torch.tensor([[0.0], [0.02], [0.5]])
    found = torch.tensor([[[0.2, 0.2, 0.6, 0.7], [0.2, 0.2, 0.6, 0.75], [0.2, 0.2, 0.6, 0.8]]])
    matched, quality = align_anchors(
        torch.full((1, 3), NOBODY), torch.full((1, 3, 1), 0.3), found, anchors, person,
        torch.tensor([0]), torch.tensor([0]),
    )  # fmt: skip
    # The third anchor is far away, however well its box fits.
    assert matched.tolist() == [[0, 0, NOBODY]]
    first, second = 0.5 / 0.6, 0.55 / 0.6
    assert quality.tolist() == pytest.approx([second * (first / second) ** 6, second], rel=1e-4)


def test_somebody_whose_anchors_overlap_nobody_yet_has_one():
    person = torch.tensor([[0.2, 0.2, 0.21, 0.21]])
    anchors = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]])
    far = torch.tensor([[[0.8, 0.8, 0.9, 0.9]] * 2])
    matched, quality = align_anchors(
        torch.full((1, 2), NOBODY), torch.zeros(1, 2, 1), far, anchors, person,
        torch.tensor([0]), torch.tensor([0]),
    )  # fmt: skip
    assert matched.tolist() == [[0, NOBODY]] and quality.tolist() == [0.0]


def test_encoding_is_undone():
    anchors, people = boxes(40, 1).double(), boxes(40, 2).double()
    torch.testing.assert_close(decode_boxes(encode_boxes(people, anchors), anchors), people)
    assert (encode_boxes(anchors, anchors) == 0).all()


def test_encoding_is_that_of_the_ssd_paper():
    anchor = torch.tensor([[0.2, 0.2, 0.4, 0.6]])
    box = torch.tensor([[0.25, 0.1, 0.55, 0.5]])
    wanted = [0.1 / 0.2 / 0.1, -0.1 / 0.4 / 0.1, np.log(0.3 / 0.2) / 0.2, 0]
    assert encode_boxes(box, anchor)[0].tolist() == pytest.approx(wanted, abs=1e-5)
