"""Average precision of boxes."""

import contextlib
import io
import json
import os

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from rmpe.metrics.box_ap import BoxPrecision, box_precision

BOXES = np.array([[0.0, 0, 10, 20], [30, 0, 50, 40], [60, 10, 80, 90]])
NO_CROWD = np.zeros(3, bool)
# In CI; RMPE_RANDOM_DATASETS asks for more.
RANDOM_DATASETS = int(os.environ.get("RMPE_RANDOM_DATASETS", 100))


def test_all_found_exactly():
    found = box_precision([(BOXES, NO_CROWD)], [(BOXES, np.array([0.9, 0.5, 0.1]))])
    assert found == BoxPrecision(pytest.approx(1), pytest.approx(1), pytest.approx(1), 1)


def test_a_false_box_above_a_right_one_costs_precision():
    boxes = np.concatenate([BOXES[:1], [[200.0, 0, 220, 20]], BOXES[1:]])
    found = box_precision([(BOXES, NO_CROWD)], [(boxes, np.array([0.9, 0.8, 0.7, 0.6]))])
    # Precision 1 up to a recall of a third, 3/4 beyond: 34 and 67 of 101 places.
    assert found.ap50 == pytest.approx((34 + 67 * 0.75) / 101)


def test_boxes_that_are_nearly_right_count_at_low_thresholds():
    shifted = BOXES + [2, 0, 2, 0]  # IoU 2/3 of the first, .82 of the others
    found = box_precision([(BOXES, NO_CROWD)], [(shifted, np.array([0.7, 0.8, 0.9]))])
    assert found.ap50 == pytest.approx(1) and found.ap75 == pytest.approx(67 / 101)
    assert found.ap < found.ap75


def test_crowds_are_neither_right_nor_wrong():
    crowd = np.array([False, False, True])
    in_crowd = np.array([[62.0, 20, 70, 40]])
    found = np.concatenate([in_crowd, BOXES[:2]]), np.array([0.9, 0.5, 0.4])
    assert box_precision([(BOXES, crowd)], [found]).ap50 == pytest.approx(1)


def test_images_are_kept_apart():
    none = np.empty((0, 4)), np.empty(0)
    truth = [(BOXES, NO_CROWD), (BOXES[:0], NO_CROWD[:0])]
    wrong_image = box_precision(truth, [none, (BOXES, np.ones(3))])
    assert wrong_image.ap50 == 0
    assert box_precision(truth, [none, none]) == BoxPrecision(0, 0, 0, 0)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match="found must be of 1 images, as truth is, got 0"):
        box_precision([(BOXES, NO_CROWD)], [])
    with pytest.raises(ValueError, match="at least one box that counts"):
        box_precision([(BOXES, ~NO_CROWD)], [(BOXES, np.ones(3))])
    with pytest.raises(ValueError, match="truth must have finite boxes"):
        box_precision([(BOXES * np.nan, NO_CROWD)], [(BOXES, np.ones(3))])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_boxes_that_are_not_finite_are_wrong(value):
    scores = np.array([0.9, 0.5, 0.1])
    none = box_precision([(BOXES, NO_CROWD)], [(np.full((3, 4), value), scores)])
    assert none == BoxPrecision(0, 0, 0, 0)
    # One among others costs what any wrong one does.
    some = BOXES.copy()
    some[0, 2] = value
    found = box_precision([(BOXES, NO_CROWD)], [(some, scores)])
    wrong = BOXES.copy()
    wrong[0] = [900, 900, 910, 910]
    assert found == box_precision([(BOXES, NO_CROWD)], [(wrong, scores)])
    assert found.ap50 < 0.5


@pytest.mark.filterwarnings("error")
def test_boxes_turned_inside_out_or_too_large_are_wrong():
    scores = np.array([0.9, 0.5, 0.1])
    for boxes in (BOXES[:, [2, 3, 0, 1]], BOXES * 1e200):
        wrong = box_precision([(BOXES, NO_CROWD)], [(boxes, scores)])
        assert wrong == BoxPrecision(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("truth", "found", "error", "message"),
    [
        (None, [], TypeError, "truth must be a sequence of pairs of arrays, got None"),
        ([BOXES], [], TypeError, "truth must be a sequence of pairs of arrays, got array.* at 0"),
        ([(BOXES[:, :3], NO_CROWD)], [], ValueError, r"truth\[0\]\[0\] must be \(N, 4\), got"),
        ([(BOXES, NO_CROWD[:2])], [], ValueError, r"truth\[0\]\[1\] must be \(3,\), got \(2,\)"),
        ([(BOXES[:, ::-1], NO_CROWD)], [()], TypeError, "found must be a sequence of pairs"),
        ([(BOXES[:, ::-1], NO_CROWD)], [(BOXES, np.ones(3))], ValueError, "x1 <= x2"),
        ([(BOXES * 1e6, NO_CROWD)], [(BOXES, np.ones(3))], ValueError, r"area up to 1e\+10"),
        (
            [(BOXES, NO_CROWD)],
            [(BOXES, np.array([10**400] * 3))],
            TypeError,
            r"found\[0\]\[1\] must hold real numbers, got object",
        ),
    ],
)
def test_what_are_no_boxes_is_named(truth, found, error, message):
    with pytest.raises(error, match=message):
        box_precision(truth, found)


def random_boxes(rng):
    """True boxes and crowds, and boxes and scores that were found, of one image."""
    count = rng.integers(6)
    corners = rng.uniform(-20, 400, (count, 2))
    sides = rng.choice([0.0, 3, 20, 60, 150, 2e5], (count, 2))
    truth = np.concatenate([corners, corners + sides], 1)
    found = np.repeat(truth, rng.integers(0, 4, count), axis=0)
    found = found + rng.normal(0, rng.choice([0, 1, 10]), found.shape)
    found[:, 2:] = np.maximum(found[:, 2:], found[:, :2])
    false = rng.uniform(0, 400, (rng.integers(120 if rng.random() < 0.1 else 4), 2))
    found = np.concatenate([found, np.concatenate([false, false + 50], 1)])
    scores = rng.choice([0.0, 0.25, 0.5, 0.9, 1.5, -1.0], len(found))
    return (truth, rng.random(count) < 0.2), (found, scores)


def by_hand(truth, found, folder):
    """AP, AP50, AP75 and AR, as pycocotools gives them for files."""

    def rows(boxes, values, name):
        return [
            {"image_id": i, "category_id": 1, name: value, "bbox": [x1, y1, x2 - x1, y2 - y1]}
            for i, (some, those) in enumerate(zip(boxes, values, strict=True))
            for (x1, y1, x2, y2), value in zip(some.tolist(), those.tolist(), strict=True)
        ]

    people = rows(*zip(*truth, strict=True), "iscrowd")
    for number, one in enumerate(people, 1):
        width, height = one["bbox"][2:]
        one |= {"id": number, "iscrowd": int(one["iscrowd"]), "area": width * height}
    images = [{"id": i} for i in range(len(truth))]
    (folder / "truth.json").write_text(json.dumps(
        {"images": images, "annotations": people, "categories": [{"id": 1, "name": "person"}]}
    ))  # fmt: skip
    (folder / "found.json").write_text(json.dumps(rows(*zip(*found, strict=True), "score")))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "truth.json"))
        measure = COCOeval(coco, coco.loadRes(str(folder / "found.json")), "bbox")
        measure.evaluate()
        measure.accumulate()
        measure.summarize()
    return [float(measure.stats[i]) for i in (0, 1, 2, 8)]


@pytest.mark.parametrize("seed", range(RANDOM_DATASETS))
def test_pycocotools_by_hand_on_random_boxes(tmp_path, seed):
    rng = np.random.default_rng(seed)
    truth, found = zip(*(random_boxes(rng) for _ in range(rng.integers(1, 6))), strict=True)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes, _ in truth]
    if not any((~one[1] & (area <= 1e10)).any() for one, area in zip(truth, areas, strict=True)):
        with pytest.raises(ValueError, match="truth must have at least one box that counts"):
            box_precision(truth, found)
        return
    if not any(len(boxes) for boxes, _ in found):
        assert box_precision(truth, found) == BoxPrecision(0, 0, 0, 0)
        return
    ours = box_precision(truth, found)
    assert [ours.ap, ours.ap50, ours.ap75, ours.ar] == by_hand(truth, found, tmp_path)
