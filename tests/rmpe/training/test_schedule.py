"""Phases and learning rates."""

import pytest

from rmpe.training.config import Phase
from rmpe.training.schedule import Schedule

PHASES = [
    Phase("low", 100, (64, 48), rate=1.0, warmup=40),
    Phase("line", 100, (96, 64), rate=1.0, end_rate=0.5, curve="linear"),
    Phase("bend", 95, (96, 64), rate=0.5, curve="cosine"),
]
SCHEDULE = Schedule(PHASES, batch_size=10)


def test_phases_follow_each_other():
    assert SCHEDULE.steps == 30
    assert [SCHEDULE.first_step(name) for name in ("low", "line", "bend")] == [0, 10, 20]
    assert [SCHEDULE.size(step) for step in (9, 10)] == [(64, 48), (96, 64)]
    with pytest.raises(ValueError, match="phase must be one of low, line, bend, got 'decay'"):
        SCHEDULE.first_step("decay")


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0.25), (3, 1.0), (4, 1.0), (9, 1.0), (10, 1.0), (15, 0.75), (20, 0.5), (25, 0.25)],
)
def test_rates_rise_stay_and_fall(step, rate):
    assert SCHEDULE.rate(step) == pytest.approx(rate)


def test_a_cosine_ends_near_its_end_rate():
    assert 0 < SCHEDULE.rate(29) < 0.02
