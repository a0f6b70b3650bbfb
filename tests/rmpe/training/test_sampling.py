"""Which people a step trains on."""

import numpy as np
import pytest

from rmpe.training.chance import normal, step_generator
from rmpe.training.sampling import DatasetMixture


def test_everybody_of_a_source_comes_equally_often():
    mixture = DatasetMixture([7, 11], [2, 1], batch_size=6, seed=3)
    source, row = (np.concatenate(parts) for parts in zip(*map(mixture, range(77)), strict=True))
    # 77 steps take 4 * 77 of the first and 2 * 77 of the second.
    assert np.bincount(row[source == 0]).tolist() == [44] * 7
    assert np.bincount(row[source == 1]).tolist() == [14] * 11


def test_each_turn_has_an_order_of_its_own():
    mixture = DatasetMixture([50], [1], batch_size=50, seed=0)
    first, second = mixture(0)[1], mixture(1)[1]
    assert sorted(first) == sorted(second) == list(range(50))
    assert (first != second).any() and (first != np.arange(50)).any()


@pytest.mark.parametrize("weights", [[0.4, 0.6], [1, 1, 1], [1e-3, 1, 2]])
def test_batches_are_full_and_shares_hold_in_the_long_run(weights):
    mixture = DatasetMixture([9] * len(weights), weights, batch_size=32, seed=0)
    batches = [mixture(step)[0] for step in range(500)]
    assert {len(batch) for batch in batches} == {32}
    shares = np.bincount(np.concatenate(batches), minlength=len(weights)) / (500 * 32)
    assert shares == pytest.approx(np.array(weights) / sum(weights), abs=1e-3)


def test_a_step_does_not_depend_on_those_before():
    one = DatasetMixture([20, 30], [1, 2], batch_size=8, seed=5)
    for step in range(40):
        one(step)
    for step in (39, 3, 17):
        fresh = DatasetMixture([20, 30], [1, 2], batch_size=8, seed=5)
        assert all(map(np.array_equal, one(step), fresh(step)))


def test_generators_depend_on_seed_and_step():
    draws = [step_generator(*key).random() for key in ((0, 0), (0, 1), (1, 0))]
    assert len(set(draws)) == 3
    assert step_generator(0, 1).random() == draws[1]


def test_normal_values_are_held_within_two_deviations():
    values = normal(step_generator(0, 0), (20_000,), 3.0)
    assert abs(values).max() == 6 and abs(values.mean()) < 0.1 and 2.7 < values.std() < 3
