"""Times of frames: by stamps, by arrival, and over connections."""

from fractions import Fraction

import pytest

from rmpe.inputs.clock import Clock

UNIT = Fraction(1, 10)


def times(clock, stamps, now=100.0, step=1.0):
    """The times of frames that come one a second."""
    return [clock.time(stamp, now + step * number) for number, stamp in enumerate(stamps)]


@pytest.mark.parametrize("is_file", [True, False])
def test_stamps_tell_the_time(is_file):
    clock = Clock()
    clock.connect(UNIT, is_file=is_file)
    assert times(clock, [70, 71, 75]) == pytest.approx([0, 0.1, 0.5])


def test_without_stamps_a_stream_has_the_times_at_which_frames_came_and_a_file_none():
    clock = Clock()
    clock.connect(None, is_file=False)
    assert times(clock, [None, 5, 6], step=0.5) == [0, 0.5, 1]
    clock.connect(None, is_file=True)
    assert times(clock, [None, None]) == [None, None]


def test_a_frame_without_a_stamp_is_shown_with_the_one_before():
    clock = Clock()
    clock.connect(UNIT, is_file=True)
    assert times(clock, [None, 4, None, 6]) == pytest.approx([0, 0, 0, 0.2])


def test_a_file_goes_on_where_it_was():
    clock = Clock()
    clock.connect(UNIT, is_file=True)
    times(clock, [0, 1, 2])
    clock.connect(UNIT, is_file=True)
    assert [clock.had(stamp) for stamp in (0, 2, 3, None)] == [True, True, False, False]
    assert times(clock, [3, 4], now=500) == pytest.approx([0.3, 0.4])
    assert not clock.had(4)


def test_a_stream_was_away_for_a_while():
    clock = Clock()
    clock.connect(UNIT, is_file=False)
    assert times(clock, [30, 31, 32]) == pytest.approx([0, 0.1, 0.2])
    clock.connect(UNIT, is_file=False)
    assert not clock.had(5)
    assert times(clock, [5, 6], now=150.0) == pytest.approx([50, 50.1])
    clock.connect(UNIT, is_file=False)
    # Stamps may run ahead of the clock; time does not go back.
    assert times(clock, [5, 900], now=150.0) == pytest.approx([50.1, 139.6])
    clock.connect(UNIT, is_file=False)
    assert times(clock, [0], now=160.0) == pytest.approx([139.6])


def test_stamps_that_jump_back_do_not_turn_time_back():
    clock = Clock()
    clock.connect(UNIT, is_file=False)
    assert times(clock, [10, 11, 12, 0, 1]) == pytest.approx([0, 0.1, 0.2, 0.2, 0.3])
