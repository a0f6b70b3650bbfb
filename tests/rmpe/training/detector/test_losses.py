"""Losses of a detector."""

import math

import pytest
import torch
from torch.nn import functional as F

from rmpe.training.detector.config import Loss
from rmpe.training.detector.losses import box_loss, person_iou, score_loss
from rmpe.training.detector.matching import NOBODY, UNKNOWN

MATCHED = torch.tensor([[0, NOBODY, NOBODY, UNKNOWN, NOBODY, NOBODY], [NOBODY] * 6])
LOGITS = torch.randn(2, 6, 2, generator=torch.Generator().manual_seed(0))
PERSON = torch.tensor([0])  # the class of the only box
IOU = torch.tensor([0.75])


def test_the_focal_loss():
    loss = score_loss(LOGITS, MATCHED, PERSON, IOU, Loss(scores="focal")).item()
    wanted = 0.0
    for row, matched in zip(LOGITS.softmax(2).tolist(), MATCHED.tolist(), strict=True):
        for (nobody, person), match in zip(row, matched, strict=True):
            if match >= 0:
                wanted -= 0.25 * (1 - person) ** 2 * math.log(person)
            elif match == NOBODY:
                wanted -= 0.75 * (1 - nobody) ** 2 * math.log(nobody)
    assert loss == pytest.approx(wanted, rel=1e-5)


def test_the_quality_focal_loss():
    loss = score_loss(LOGITS, MATCHED, PERSON, IOU, Loss(scores="quality")).item()
    wanted = 0.0
    for row, matched in zip(LOGITS.softmax(2).tolist(), MATCHED.tolist(), strict=True):
        for (nobody, person), match in zip(row, matched, strict=True):
            if match >= 0:
                entropy = -0.75 * math.log(person) - 0.25 * math.log(nobody)
                wanted += (0.75 - person) ** 2 * entropy
            elif match == NOBODY:
                wanted -= person**2 * math.log(nobody)
    assert loss == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("scores", ["focal", "quality", "mined"])
def test_of_several_classes_each_has_its_own_score(scores):
    """The box holds the second of three classes."""
    logits = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(2))
    found = score_loss(logits, MATCHED, torch.tensor([1]), IOU, Loss(scores=scores)).item()
    wanted, negatives = 0.0, []
    for row, matched in zip(logits.double().softmax(2).tolist(), MATCHED.tolist(), strict=True):
        for values, match in zip(row, matched, strict=True):
            if match == UNKNOWN:
                continue
            right = values[2] if match >= 0 else values[0]
            if scores == "focal":
                alpha = 0.25 if match >= 0 else 0.75
                wanted -= alpha * (1 - right) ** 2 * math.log(right)
            elif scores == "mined":
                (negatives.append if match < 0 else [].append)(-math.log(right))
                wanted -= math.log(right) if match >= 0 else 0
            else:
                for column, value in enumerate(values[1:]):
                    quality = 0.75 if match >= 0 and column == 1 else 0.0
                    entropy = quality * math.log(value) + (1 - quality) * math.log(1 - value)
                    wanted -= (quality - value) ** 2 * entropy
    # Three of the four negatives of the first sample; the second has no positives.
    wanted += sum(sorted(negatives[:4])[1:])
    assert found == pytest.approx(wanted, rel=1e-5)


def test_a_score_of_quality_is_best_at_the_iou_of_the_box():
    losses = [
        score_loss(
            torch.tensor([[[1 - p, p]]]).log(),
            torch.tensor([[0]]),
            PERSON,
            IOU,
            Loss(scores="quality"),
        ).item()
        for p in (0.6, 0.75, 0.9)
    ]
    assert losses[1] == min(losses)


def test_the_iou_of_people_in_the_order_of_their_anchors():
    anchors = torch.tensor([[0.2, 0.2, 0.4, 0.4], [0.3, 0.2, 0.5, 0.4]])
    matched = torch.tensor([[NOBODY, 0], [0, UNKNOWN]])
    encoded = torch.zeros(2, 2, 4, requires_grad=True)
    iou = person_iou(encoded, anchors, anchors[:1], matched)
    torch.testing.assert_close(iou, torch.tensor([1 / 3, 1.0]))
    assert not iou.requires_grad


def test_three_hard_negatives_are_mined_for_each_positive_of_a_sample():
    loss = score_loss(LOGITS, MATCHED, PERSON, IOU, Loss(scores="mined")).item()
    entropy = -LOGITS.log_softmax(2)
    negatives = entropy[0, MATCHED[0] == NOBODY, 0]
    wanted = entropy[0, 0, 1] + negatives.topk(3).values.sum()
    # The second sample has no positives, and so no negatives either.
    assert loss == pytest.approx(wanted.item(), rel=1e-5)


@pytest.mark.parametrize("scores", ["focal", "quality", "mined"])
def test_what_is_not_known_does_not_count(scores):
    logits = LOGITS.clone().requires_grad_()
    score_loss(logits, MATCHED, PERSON, IOU, Loss(scores=scores)).backward()
    assert (logits.grad[MATCHED == UNKNOWN] == 0).all() and logits.grad[0, 0].abs().sum() > 0


def test_boxes_of_positive_anchors_count_alone():
    anchors = torch.tensor([[0.1, 0.1, 0.3, 0.5]]).repeat(6, 1)
    encoded = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(1)).requires_grad_()
    weight = torch.tensor([0.25])
    loss = box_loss(encoded, anchors, anchors[:1], MATCHED, weight, Loss(boxes="smooth_l1"))
    wanted = F.smooth_l1_loss(encoded[0, 0], torch.zeros(4), reduction="sum") / 4
    torch.testing.assert_close(loss, wanted)
    loss.backward()
    assert (encoded.grad != 0).any(dim=2).sum() == 1


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        ([0.2, 0.2, 0.4, 0.4], 0.0),
        ([0.3, 0.2, 0.5, 0.4], 1 - 1 / 3),  # half of it
        ([0.6, 0.2, 0.8, 0.4], 1 + 1 / 3),  # beside it: a third of the hull is empty
    ],
)
def test_generalized_iou(box, wanted):
    anchor = torch.tensor([[0.2, 0.2, 0.4, 0.4]])
    matched = torch.tensor([[0]])
    boxes, sure = torch.tensor([box]), torch.ones(1)
    loss = box_loss(torch.zeros(1, 1, 4), anchor, boxes, matched, sure, Loss(boxes="giou"))
    assert loss.item() == pytest.approx(wanted, abs=1e-5)


def test_without_positives_there_is_no_loss_of_boxes():
    encoded = torch.randn(1, 3, 4, requires_grad=True)
    for kind in ("giou", "smooth_l1"):
        matched = torch.full((1, 3), NOBODY)
        boxes, sure = torch.empty(0, 4), torch.empty(0)
        loss = box_loss(encoded, torch.rand(3, 4), boxes, matched, sure, Loss(boxes=kind))
        loss.backward()
        assert loss.item() == 0 and (encoded.grad == 0).all()
