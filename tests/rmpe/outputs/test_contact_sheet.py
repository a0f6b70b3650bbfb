"""Many pictures on one: what cannot be laid out."""

import numpy as np
import pytest

from rmpe.outputs.contact_sheet import contact_sheet, thumbnail

PICTURE = np.zeros((20, 30, 3), np.uint8)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"images": [], "names": []},
            ValueError,
            "images must hold at least one picture, got none",
        ),
        ({"images": None}, TypeError, "images must be a sequence of pictures, got None"),
        ({"names": None}, TypeError, "names must be a sequence of text, got None"),
        ({"images": [None]}, TypeError, r"images\[0\] must be a ndarray, got None"),
        ({"images": [PICTURE * 1.0]}, ValueError, r"images\[0\] must be \(H, W, 3\) uint8, got"),
        ({"side": 25}, ValueError, r"images\[0\] must have no side longer than side, 25, got"),
        ({"side": 0}, ValueError, "side must be at least 1, got 0"),
        ({"columns": 0}, ValueError, "columns must be at least 1, got 0"),
        ({"columns": 2.0}, TypeError, "columns must be a whole number, got 2.0"),
        ({"side": 2**62}, ValueError, "would be .* pixels; neither may be more than"),
        ({"names": ["a", "b"]}, ValueError, "names must be 1, one for each picture, got 2"),
        ({"names": "a"}, TypeError, "names must be a sequence of text, got 'a'"),
        ({"names": [1]}, TypeError, r"names must be a sequence of text, got \[1\]"),
    ],
)
def test_wrong_arguments_are_named(changes, error, message):
    good = {"images": [PICTURE], "names": ["a"], "columns": 3, "side": 32}
    assert contact_sheet(**good).shape == (44, 44, 3)
    with pytest.raises(error, match=message):
        contact_sheet(**{**good, **changes})


def test_wrong_thumbnails_are_named():
    with pytest.raises(ValueError, match="side must be at least 1, got 0"):
        thumbnail(PICTURE, 0)
    with pytest.raises(ValueError, match=r"image must be \(H, W, 3\) uint8, got \(0, 30, 3\)"):
        thumbnail(PICTURE[:0], 10)
