"""A single-person pose estimator (SPPE): a card and the network that it describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rmpe_ext.validation.checks import show

from ..arguments import check_kind
from ..detectors.detector import check_threshold
from ..networks.network import Network, check_shapes
from .card import PoseCard

__all__ = ["PoseNetwork", "check_parts"]


@dataclass(frozen=True, eq=False)
class PoseNetwork:
    """A network whose outputs the head of its card decodes.

    Parameters
    ----------
    card : PoseCard
        What goes in, and how the outputs are decoded.
    network : Network
        Crops (N, 3, h, w), cut and normalized as the card says, to the outputs of the head.
    transformer : Network, optional
        Smaller crops, of the size that the card's transformer has, to thetas (N, 2, 3).

    Raises
    ------
    rmpe.ModelError
        Where the outputs have other shapes than the card's head wants.
    """

    card: PoseCard
    network: Network
    transformer: Network | None = None

    def __post_init__(self) -> None:
        expected = self.card.head.output_shapes(len(self.card.skeleton), self.card.input.size)
        check_shapes(f"model {self.card.name}", self.network.output_shapes, expected)


def check_parts(detector: Any, pose: Any, threshold: Any) -> None:
    """Raise TypeError or ValueError unless an estimator can be made of these, once loaded."""
    if detector is not None and not callable(detector):
        raise TypeError(f"detector must be a name, a path or a Detector, got {show(detector)}")
    check_kind("pose", pose, PoseNetwork)
    if threshold is not None:
        check_threshold(threshold)
