"""Batches made ahead."""

import threading
import time

import pytest

from rmpe.training.prefetch import prefetch


def test_results_come_in_order_whatever_they_take():
    def make(step):
        time.sleep(0.02 * (step % 3 == 0))
        return step, threading.current_thread().name

    results = list(prefetch(make, range(10), workers=3, ahead=4))
    assert [step for step, _ in results] == list(range(10))
    assert all(name.startswith("batches") for _, name in results)


def test_no_more_is_made_ahead_than_asked_for():
    made = []
    results = prefetch(lambda step: made.append(step), range(100), workers=2, ahead=3)
    next(results)
    time.sleep(0.2)
    assert len(made) == 4
    results.close()


def test_an_error_comes_at_its_turn():
    def make(step):
        if step == 2:
            raise ValueError("photograph 2")
        return step

    results = prefetch(make, range(5), workers=2, ahead=4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="photograph 2"):
        next(results)
