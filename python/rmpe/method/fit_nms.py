"""Fitting suppression to a validation set (RMPE paper, parametric pose NMS).

The paper chooses the parameters of pose NMS so that the average precision (AP) on validation images
is greatest, two parameters at a time with the others fixed, repeated to convergence. The authors
never released this. Here every kind of suppression is fitted in the same way, so that they can be
compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from ..datasets.dataset import Dataset
from ..metrics.keypoint_ap import average_precision
from ..metrics.predictions import Predictions
from ..metrics.suppression_ap import SuppressionAP
from ..people import People
from .suppressions import Suppression

__all__ = ["SuppressionFit", "cross_validate", "fit_suppression"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
# A setting: the position on its grid of each parameter, in the order of the suppression's grids.
Setting = tuple[int, ...]

_MOST_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class SuppressionFit:
    """Fitted parameters of a suppression.

    Attributes
    ----------
    suppression : Suppression
    parameters : dict of str to float
        The setting with the greatest AP. Of several, the one whose neighbors on the grid, as far as
        they have been measured by then, have the greatest mean AP: it depends least on the images.
    ap : float
        On the images that were fitted to, and so too high; see `cross_validate`.
    settings : int
        How many were measured.
    surfaces : dict of (str, str) to array
        For each pair of parameters that were searched together, the AP over their grids, the
        others being as fitted; rows are the first parameter's.
    """

    suppression: Suppression
    parameters: dict[str, float]
    ap: float
    settings: int
    surfaces: dict[tuple[str, str], Floats]


def fit_suppression(
    suppression: Suppression,
    people: People,
    dataset: Dataset,
    *,
    starts: int = 4,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> SuppressionFit:
    """Search the parameters with the greatest AP, a pair at a time.

    Parameters
    ----------
    suppression : Suppression
    people : People
        All poses in the images of the data set, before any suppression: ``image_index`` is that of
        the data set.
    dataset : Dataset
    starts : int
        Of the search: the suppression's defaults, and random settings.
    seed : int
        Of these.
    progress : callable, optional
        Called with 1 after each setting that was measured.

    Returns
    -------
    SuppressionFit

    Raises
    ------
    DatasetError
        As :func:`rmpe.metrics.keypoint_ap.average_precision`.
    """
    return _fit(suppression, people, dataset, np.arange(len(dataset)), starts, seed, progress)


def cross_validate(
    suppression: Suppression,
    people: People,
    dataset: Dataset,
    *,
    folds: int = 5,
    starts: int = 4,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Predictions:
    """Suppress the poses of each image with parameters that were fitted to other images.

    Parameters
    ----------
    suppression, people, dataset, starts, progress
        As `fit_suppression` takes them.
    folds : int
        The images are dealt out to so many parts; each part's parameters are fitted to the others.
    seed : int
        Of the dealing and of the starts.

    Returns
    -------
    Predictions
        What was kept, in all images: to be measured without the optimism of a fit.
    """
    if not 2 <= folds <= len(dataset):
        raise ValueError(f"folds must be in 2..{len(dataset)}, the images, got {folds}")
    fold = np.random.default_rng(seed).permutation(len(dataset)) % folds
    parts = []
    for k in range(folds):
        inside = np.flatnonzero(fold != k)
        fit = _fit(suppression, people, dataset, inside, starts, seed, progress)
        others = people.select(_in_images(people, np.flatnonzero(fold == k)))
        keep, changed = suppression.apply(others, fit.parameters)
        parts.append(Predictions.from_people(changed.select(keep)))
    return Predictions.concatenate(parts)


def _fit(
    suppression: Suppression,
    people: People,
    dataset: Dataset,
    images: Indices,
    starts: int,
    seed: int,
    progress: Callable[[int], object] | None,
) -> SuppressionFit:
    names, grids = list(suppression.grids), list(suppression.grids.values())
    surface = _Surface(suppression, people, dataset, images, progress)
    generator = np.random.default_rng(seed)
    first = tuple(
        int(np.abs(grid - suppression.defaults[name]).argmin())
        for name, grid in suppression.grids.items()
    )
    others = [tuple(int(generator.integers(len(g))) for g in grids) for _ in range(starts - 1)]
    axes = [tuple(names.index(name) for name in pair) for pair in suppression.pairs]
    ends = {_climb(surface, setting, axes) for setting in (first, *others)}
    best = max(sorted(ends), key=surface.rank)
    surfaces = {
        (pair[0], pair[1]): np.reshape(
            [surface.ap(s) for s in surface.plane(best, plane)], [len(grids[i]) for i in plane]
        )
        for pair, plane in zip(suppression.pairs, axes, strict=True)
        if len(pair) == 2
    }
    return SuppressionFit(
        suppression=suppression,
        parameters=surface.parameters(best),
        ap=surface.ap(best),
        settings=surface.measured,
        surfaces=surfaces,
    )


def _climb(surface: _Surface, setting: Setting, axes: list[tuple[int, ...]]) -> Setting:
    """Go to the best setting of each plane in turn, until none is better."""
    for _ in range(_MOST_ROUNDS):
        before = setting
        for plane in axes:
            setting = max(surface.plane(setting, plane), key=surface.rank)
        if surface.rank(setting) <= surface.rank(before):
            return before
    return setting


class _Surface:
    """AP over the settings of a suppression; each is measured once."""

    def __init__(
        self,
        suppression: Suppression,
        people: People,
        dataset: Dataset,
        images: Indices,
        progress: Callable[[int], object] | None,
    ) -> None:
        self._suppression = suppression
        self._grids = list(suppression.grids.values())
        self._people = people.select(_in_images(people, images))
        self._dataset = dataset.select(images)
        # Poses keep their order, so their images are numbered anew as the data set's are.
        self._image_index = np.searchsorted(images, self._people.image_index.cpu().numpy())
        self._fast = SuppressionAP(self._dataset, self._predictions(self._people))
        self._known: dict[Setting, float] = {}
        self._progress = progress

    @property
    def measured(self) -> int:
        """How many settings were measured."""
        return len(self._known)

    def parameters(self, setting: Setting) -> dict[str, float]:
        return {
            name: float(grid[i])
            for (name, grid), i in zip(self._suppression.grids.items(), setting, strict=True)
        }

    def plane(self, setting: Setting, axes: tuple[int, ...]) -> Iterator[Setting]:
        """All settings that differ along some axes only, the last axis fastest."""
        for places in itertools.product(*(range(len(self._grids[axis])) for axis in axes)):
            other = list(setting)
            for axis, place in zip(axes, places, strict=True):
                other[axis] = place
            yield tuple(other)

    def ap(self, setting: Setting) -> float:
        found = self._known.get(setting)
        if found is None:
            found = self._known[setting] = self._measure(setting)
            if self._progress:
                self._progress(1)
        return found

    def rank(self, setting: Setting) -> tuple[float, float]:
        """What settings are compared by: their AP, and the mean of their known neighbors'."""
        near = [
            self._known[other]
            for axis, place in enumerate(setting)
            for step in (-1, 1)
            if (other := (*setting[:axis], place + step, *setting[axis + 1 :])) in self._known
        ]
        return self.ap(setting), sum(near) / len(near) if near else 0.0

    def _measure(self, setting: Setting) -> float:
        keep, people = self._suppression.apply(self._people, self.parameters(setting))
        if people is self._people:
            return self._fast(keep.cpu().numpy())
        kept = self._predictions(people)
        return average_precision(self._dataset, kept.select(keep.cpu().numpy())).ap

    def _predictions(self, people: People) -> Predictions:
        return replace(Predictions.from_people(people), image_index=self._image_index)


def _in_images(people: People, images: Indices) -> torch.Tensor:
    """Mask (P,) of the people in some images."""
    return torch.isin(people.image_index, torch.from_numpy(images).to(people.image_index.device))
