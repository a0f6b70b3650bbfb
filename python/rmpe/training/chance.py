"""Sources of chance that a run can come back to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["normal", "step_generator"]


def step_generator(seed: int, step: int) -> np.random.Generator:
    """Make the source of everything random in one step, whichever worker makes that."""
    return np.random.default_rng((seed, step))


def normal(
    generator: np.random.Generator, shape: tuple[int, ...], deviation: float
) -> npt.NDArray[np.float64]:
    """Draw normal values, held within two standard deviations."""
    drawn: npt.NDArray[np.float64] = np.clip(generator.standard_normal(shape), -2, 2) * deviation
    return drawn
