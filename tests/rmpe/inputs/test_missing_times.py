"""Times of frames that have none: between the others, and none where that is a guess."""

import pytest

from rmpe.inputs.missing_times import with_missing_times


@pytest.mark.parametrize(
    ("stamps", "step", "expected"),
    [
        ([3, 5, 9], None, [3, 5, 9]),
        ([0, 30, 10, 20], None, [0, 10, 20, 30]),
        # Between neighbours, at any rate.
        ([0, None, 8, None, None, 11], 100, [0, 4, 8, 9, 10, 11]),
        ([0, None, 8], None, [0, 4, 8]),
        # At the ends, by the step.
        ([None, None, 0, 40, None], 40, [-80, -40, 0, 40, 80]),
        ([None, 2**60 + 1, None], 3, [2**60 - 2, 2**60 + 1, 2**60 + 4]),
        ([None, 0, 40], None, None),
        ([0, 40, None], None, None),
        # In another order, in gaps of several steps.
        ([0, 90, None, 60, 180, 120, None], 30, [0, 30, 60, 90, 120, 150, 180]),
        ([0, 90, None, 60], None, None),
        ([0, 90, 60, None], 30, [0, 30, 60, 90]),
        ([0, 90, 30, 60, None], 30, None),  # Before the first, or behind the last?
        ([0, 150, None, 30], 30, None),
        ([0, 2**62, None, 30], 30, None),
        # Nobody knows.
        ([None, None], 40, None),
        ([0, 40, 40], 40, None),
        ([0, None, 1], 1, None),
    ],
)
def test_missing_times(stamps, step, expected):
    found = with_missing_times(stamps, step)
    assert (found if found is None else found.tolist()) == expected
