"""Gaussian mixtures of the offsets between detected and true boxes: fitting and density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .atomic_poses import Floats

__all__ = ["Mixture", "adapt_mixture", "fit_mixture", "log_density"]

# Standard deviation, in sides of the box, below which a component never falls: a pixel in 300.
# Without it a component shrinks to a few boxes that are equal by rounding.
_SMALLEST_DEVIATION = 1 / 300
# Steps after which an adapted mixture no longer moves.
_ADAPTATION_STEPS = 10
# A Gaussian in four dimensions has 4 means and 10 covariances, and a weight.
_NUMBERS = 15


@dataclass(frozen=True, eq=False)
class Mixture:
    """A Gaussian mixture of edge offsets.

    An offset is the detected edge minus the true one, for xmin, ymin, xmax and ymax, divided by the
    width (xmin, xmax) or height (ymin, ymax) of the true box.

    Attributes
    ----------
    weights : array (C,)
        Above 0; their sum is 1.
    means : array (C, 4)
    covariances : array (C, 4, 4)
        Symmetric, positive definite.
    people : int
        How many offsets it was fitted to; 0 where it was not fitted.

    Raises
    ------
    ValueError
        For what contradicts the above.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    people: int = 0

    def __post_init__(self) -> None:
        c = self.weights.size
        shapes = self.weights.shape, self.means.shape, self.covariances.shape
        if c < 1 or shapes != ((c,), (c, 4), (c, 4, 4)):
            raise ValueError(
                "weights, means and covariances must be (C,), (C, 4) and (C, 4, 4), got "
                f"{shapes[0]}, {shapes[1]} and {shapes[2]}"
            )
        if not (self.weights > 0).all() or not np.isclose(self.weights.sum(), 1, atol=1e-3):
            raise ValueError(f"weights must be above 0 with the sum 1, got {self.weights}")
        if not np.isfinite(self.means).all():
            raise ValueError("means must be finite")
        if not np.allclose(self.covariances, self.covariances.transpose(0, 2, 1)):
            raise ValueError("covariances must be symmetric")
        try:
            np.linalg.cholesky(self.covariances)
        except np.linalg.LinAlgError:
            raise ValueError("covariances must be positive definite") from None

    def mean(self) -> Floats:
        """(4,): the mean of the whole mixture."""
        mean: Floats = self.weights @ self.means
        return mean

    def covariance(self) -> Floats:
        """(4, 4): the covariance of the whole mixture."""
        spread = self.means - self.mean()
        within = np.einsum("c,cij->ij", self.weights, self.covariances)
        covariance: Floats = within + np.einsum("c,ci,cj->ij", self.weights, spread, spread)
        return covariance


def fit_mixture(offsets: Floats, *, most_components: int = 6, seed: int = 0) -> Mixture:
    """Fit a Gaussian mixture; the Bayesian information criterion chooses how many components.

    Parameters
    ----------
    offsets : array (M, 4)
        At least 5.
    most_components : int
    seed : int

    Returns
    -------
    Mixture
        The heaviest component first.
    """
    from sklearn.mixture import GaussianMixture

    # Fewer offsets than it has numbers cannot determine a component.
    most = max(1, min(most_components, len(offsets) // _NUMBERS))
    fits = [
        GaussianMixture(
            count, reg_covar=_SMALLEST_DEVIATION**2, n_init=3, max_iter=500, random_state=seed
        ).fit(offsets)
        for count in range(1, most + 1)
    ]
    best: Any = min(fits, key=lambda fit: fit.bic(offsets))
    order = np.argsort(-best.weights_, kind="stable")
    return Mixture(
        best.weights_[order], best.means_[order], best.covariances_[order], people=len(offsets)
    )


def adapt_mixture(everybody: Mixture, offsets: Floats, *, prior: float = 64) -> Mixture:
    """Adapt everybody's mixture to a few offsets, by maximum a posteriori (MAP) estimation.

    Each component starts with ``prior`` imagined offsets that are distributed as in ``everybody``,
    and expectation maximization goes on from there: Reynolds, Quatieri, Dunn, "Speaker verification
    using adapted Gaussian mixture models", Digital Signal Processing 2000.

    Parameters
    ----------
    everybody : Mixture
    offsets : array (M, 4)
        M = 0 gives ``everybody`` back.
    prior : float
        Above 0. The greater, the less the offsets change.

    Returns
    -------
    Mixture

    Examples
    --------
    >>> everybody = Mixture(np.ones(1), np.zeros((1, 4)), 0.01 * np.eye(4)[None])
    >>> adapt_mixture(everybody, np.full((64, 4), 0.1)).means.round(6)
    array([[0.05, 0.05, 0.05, 0.05]])
    """
    mixture, count = everybody, len(everybody.weights)
    for _ in range(_ADAPTATION_STEPS):
        densities = _component_log_densities(mixture, offsets)
        share = np.exp(densities - densities.max(axis=0, keepdims=True, initial=-np.inf))
        share /= share.sum(axis=0)
        people = share.sum(axis=1) + prior
        means = (share @ offsets + prior * everybody.means) / people[:, None]
        near = offsets - means[:, None]
        moved = everybody.means - means
        scatter = np.einsum("cm,cmi,cmj->cij", share, near, near) + prior * (
            everybody.covariances + np.einsum("ci,cj->cij", moved, moved)
        )
        weights = share.sum(axis=1) + prior * count * everybody.weights
        mixture = Mixture(
            weights / weights.sum(), means, scatter / people[:, None, None], people=len(offsets)
        )
    return mixture


def log_density(mixture: Mixture, offsets: Floats) -> Floats:
    """Logarithm of a mixture's density at each offset, (M, 4) -> (M,)."""
    density: Floats = np.logaddexp.reduce(_component_log_densities(mixture, offsets), axis=0)
    return density


def _component_log_densities(mixture: Mixture, offsets: Floats) -> Floats:
    """Logarithms of weight times density, (C, M)."""
    from scipy.stats import multivariate_normal

    return np.stack(
        [
            np.log(weight) + multivariate_normal(mean, covariance).logpdf(offsets).reshape(-1)
            for weight, mean, covariance in zip(
                mixture.weights, mixture.means, mixture.covariances, strict=True
            )
        ]
    )
