"""People that were found: what the arrays must be."""

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.metrics.predictions import Predictions

from ..coco_annotations import annotations, person, write

GOOD = {
    "image_index": np.array([0, 1]),
    "keypoints": np.zeros((2, 17, 2)),
    "scores": np.array([0.5, 0.9]),
    "keypoint_scores": np.ones((2, 17)),
}


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("keypoints", None, TypeError, "keypoints must be a numpy array of real numbers, got None"),
        ("keypoints", np.zeros((2, 17)), ValueError, r"must be \(R, K, 2\), got \(2, 17\)"),
        ("keypoints", np.zeros((2, 17, 2), bool), TypeError, "must hold real numbers, got bool"),
        ("image_index", [0, 1], TypeError, "image_index must be a numpy array of whole numbers"),
        ("image_index", np.zeros(2), TypeError, "must hold whole numbers, got float64"),
        ("image_index", np.array([0, 2**63], np.uint64), ValueError, r"must be below 2\^63, got"),
        ("image_index", np.array([0, 10**30]), TypeError, "must hold whole numbers, got object"),
        ("scores", np.ones(3), ValueError, r"scores must be \(2,\), got \(3,\)"),
        ("scores", np.array(["a", "b"]), TypeError, "scores must hold real numbers, got <U1"),
        ("keypoint_scores", np.ones((2, 16)), ValueError, r"must be \(2, 17\), got \(2, 16\)"),
    ],
)
def test_wrong_arrays_are_named(name, value, error, message):
    with pytest.raises(error, match=message):
        Predictions(**{**GOOD, name: value})


def test_unsigned_scores_rank_as_numbers():
    """As unsigned numbers, the negative of 1 would be greater than that of 2."""
    whole = {**GOOD, "image_index": np.zeros(2, np.uint8), "scores": np.array([0, 2], np.uint8)}
    assert Predictions(**whole).best(1).scores.tolist() == [2]


@pytest.mark.parametrize("field", ["image_id", "score", "keypoints"])
@pytest.mark.parametrize("kind", [bool, np.bool_])
def test_true_is_no_image_and_no_number(tmp_path, field, kind):
    dataset = load_dataset(write(annotations(person()), tmp_path), None)
    row = {"image_id": 1, "keypoints": [1.0] * 51, "score": 1}
    assert len(Predictions.from_coco(dataset, [row])) == 1
    true = kind(True)
    wrong = {**row, field: [true, *[1.0] * 50] if field == "keypoints" else true}
    with pytest.raises(ValueError, match=r"rows\[1\] must have image_id, one of "):
        Predictions.from_coco(dataset, [row, wrong])
