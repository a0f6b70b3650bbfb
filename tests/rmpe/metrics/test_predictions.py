"""People that were found: what the arrays must be."""

import numpy as np
import pytest

from rmpe.metrics.predictions import Predictions

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
