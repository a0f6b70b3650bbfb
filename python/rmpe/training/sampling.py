"""Which people make up a batch: a function of the seed and the step, and of nothing else.

There is no position to save: a resumed run asks for the batch of its next step. Every source is
gone through in a new random order again and again, so that each of its people comes as often as
any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["DatasetMixture"]


class DatasetMixture:
    """Several data sets mixed by their weights.

    Parameters
    ----------
    counts : sequence of int
        People of each source.
    weights : sequence of float
        Relative share of each source in the samples.
    batch_size : int
        Samples of a step.
    seed : int

    Examples
    --------
    >>> mixture = DatasetMixture([10, 20], [1, 3], batch_size=8, seed=0)
    >>> source, row = mixture(step=0)
    >>> source
    array([0, 0, 1, 1, 1, 1, 1, 1])
    """

    def __init__(
        self, counts: Sequence[int], weights: Sequence[float], batch_size: int, seed: int
    ) -> None:
        self._counts, self._seed = tuple(counts), seed
        shares = np.cumsum(weights) / np.sum(weights) * batch_size
        # The last bound is exact, so that every batch is full.
        self._bounds = [0.0, *shares[:-1].tolist(), float(batch_size)]
        self._orders: dict[int, tuple[int, np.ndarray]] = {}

    def __call__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Source and row of each sample of a step, both (batch_size,) int64."""
        sources, rows = [], []
        for source, count in enumerate(self._counts):
            taken = self._taken(source, step + 1) - self._taken(source, step)
            first = self._taken(source, step)
            positions = np.arange(first, first + taken)
            sources.append(np.full(taken, source))
            rows.append(self._rows(source, count, positions))
        return np.concatenate(sources), np.concatenate(rows)

    def _taken(self, source: int, step: int) -> int:
        """How many samples of a source the steps before this one took."""
        low, high = self._bounds[source], self._bounds[source + 1]
        return int(high * step) - int(low * step)

    def _rows(self, source: int, count: int, positions: np.ndarray) -> np.ndarray:
        found = np.empty(len(positions), np.int64)
        for turn in np.unique(positions // count):
            here = positions // count == turn
            found[here] = self._order(source, count, int(turn))[positions[here] % count]
        return found

    def _order(self, source: int, count: int, turn: int) -> np.ndarray:
        """The order of a source in one of its turns; the last one is kept."""
        kept = self._orders.get(source)
        if kept is None or kept[0] != turn:
            order = np.random.default_rng((self._seed, source, turn, 1)).permutation(count)
            self._orders[source] = kept = (turn, order)
        return kept[1]
