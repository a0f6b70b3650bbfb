"""Arguments of the metrics: whatever comes is measured right, or is an error that names it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rmpe.datasets.dataset import Dataset
from rmpe.metrics.box_ap import box_precision
from rmpe.metrics.box_iou import box_iou
from rmpe.metrics.cocoeval import check_measurable, matched
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.oks import oks, pairs_in_images
from rmpe.metrics.pckh import head_sizes, pckh
from rmpe.metrics.predictions import Predictions
from rmpe.metrics.suppression_ap import SuppressionAP
from rmpe.skeletons import COCO_17

KEYPOINTS = np.random.default_rng(0).uniform(0, 100, (2, 17, 2))
DATASET = Dataset(
    annotations=Path("a.json"), skeleton=COCO_17, image_ids=(7, 9), paths=(Path("7"), Path("9")),
    image_sizes=np.full((2, 2), 100), person_ids=(1, 2), image_index=np.arange(2),
    keypoints=KEYPOINTS, visibility=np.full((2, 17), 2),
    boxes=np.concatenate([KEYPOINTS.min(1), KEYPOINTS.max(1)], 1), areas=np.full(2, 5e3),
    crowd=np.zeros(2, bool),
)  # fmt: skip
FOUND = {
    "image_index": np.arange(2),
    "keypoints": KEYPOINTS,
    "scores": np.array([0.5, 0.9]),
    "keypoint_scores": np.ones((2, 17)),
}
OKS = {
    "poses": KEYPOINTS,
    "keypoints": KEYPOINTS,
    "visibility": DATASET.visibility,
    "boxes": DATASET.boxes,
    "areas": DATASET.areas,
    "sigmas": COCO_17.sigmas,
}
BOXES = np.array([[0.0, 0, 10, 20], [30, 0, 40, 20]])


@pytest.mark.parametrize("value", [None, 5, "x", []])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("dataset", lambda value: average_precision(value, [])),
        ("dataset", check_measurable),
        ("dataset", lambda value: matched(value, Predictions(**FOUND))),
        ("predictions", lambda value: matched(DATASET, value)),
        ("dataset", lambda value: SuppressionAP(value, Predictions(**FOUND))),
        ("predictions", lambda value: SuppressionAP(DATASET, value)),
        ("dataset", lambda value: pairs_in_images(value, Predictions(**FOUND))),
        ("predictions", lambda value: pairs_in_images(DATASET, value)),
        ("dataset", head_sizes),
        ("dataset", lambda value: pckh(value, KEYPOINTS)),
        ("dataset", lambda value: Predictions.from_coco(value, [])),
        ("people", Predictions.from_people),
        ("parts", Predictions.concatenate),
        ("dataset", Predictions(**FOUND).check),
    ],
)
def test_what_is_of_another_type_is_named(name, call, value):
    with pytest.raises(TypeError, match=f"^{name} must be"):
        call(value)


@pytest.mark.parametrize("measure", [average_precision, SuppressionAP, matched, pairs_in_images])
def test_people_of_an_image_that_is_not_there_are_named(measure):
    outside = Predictions(**FOUND | {"image_index": np.array([0, 5])})
    with pytest.raises(ValueError, match=r"image_index must be in 0..1, .* got 5"):
        measure(DATASET, outside)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (None, TypeError, "rows must be a numpy array of whole numbers, got None"),
        (np.array([0.0]), TypeError, "rows must hold whole numbers, got float64"),
        (np.ones(1, bool), ValueError, r"rows must be \(2,\), got \(1,\)"),
        (np.ones((2, 1), int), ValueError, r"rows must be \(N,\), got \(2, 1\)"),
        (np.array([0, 2]), ValueError, r"rows must be in 0..1, got array\(\[0, 2\]\)"),
        (np.array([-1]), ValueError, r"rows must be in 0..1, got"),
    ],
)
def test_people_who_are_not_there_cannot_be_kept(rows, error, message):
    with pytest.raises(error, match=message):
        Predictions(**FOUND).select(rows)


@pytest.mark.parametrize("most", [None, -1, 1.5, True, float("nan"), "x"])
def test_how_many_are_kept_is_a_whole_number(most):
    with pytest.raises((TypeError, ValueError), match="most must be"):
        Predictions(**FOUND).best(most)


@pytest.mark.parametrize(
    "keep", [None, [True, False], np.ones(2), np.ones(3, bool), np.arange(2), torch.ones(2)]
)
def test_a_selection_is_true_or_false_for_each_pose(keep):
    with pytest.raises((TypeError, ValueError), match="keep must (be|hold)"):
        SuppressionAP(DATASET, Predictions(**FOUND))(keep)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308, -1e308])
def test_keypoints_beyond_all_numbers_are_never_right(value):
    far = Predictions(**FOUND | {"keypoints": np.full((2, 17, 2), value)})
    assert average_precision(DATASET, far).ap == 0
    assert (oks(**OKS | {"poses": np.full((2, 17, 2), value)}) == 0).all()
    assert (oks(**OKS | {"keypoints": np.full((2, 17, 2), value)}) == 0).all()


@pytest.mark.parametrize("sigma", [0.0, -0.1, 5e-324, 1e-200, 1e200, np.inf, np.nan])
def test_sigmas_that_have_no_square_are_named(sigma):
    with pytest.raises(
        ValueError, match="sigmas must be above 0 and finite, as their squares, got"
    ):
        oks(**OKS | {"sigmas": [sigma] * 17})


@pytest.mark.parametrize("name", ["poses", "keypoints", "visibility", "boxes", "areas"])
def test_masked_arrays_are_refused(name):
    masked = np.ma.masked_array(OKS[name] * 1.0, mask=True)
    with pytest.raises(TypeError, match=f"{name} must be a numpy array without a mask"):
        oks(**OKS | {name: masked})


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_is_an_array_like_any_other():
    """The product of matrices is another than that of arrays."""
    assert box_iou(np.asmatrix(BOXES), BOXES).tolist() == [1, 1]


@pytest.mark.parametrize("crowd", [np.nan, np.inf, -np.inf, 2.0, -1.0, 0.5])
def test_crowds_are_yes_or_no(crowd):
    with pytest.raises(ValueError, match="truth must say true or false of each box"):
        box_precision([(BOXES, np.full(2, crowd))], [(BOXES, np.ones(2))])


def test_scores_that_autograd_follows_are_scores():
    scores = torch.tensor([0.9, 0.8], requires_grad=True)
    assert box_precision([(BOXES, np.zeros(2, bool))], [(BOXES, scores)]).ap == pytest.approx(1)
