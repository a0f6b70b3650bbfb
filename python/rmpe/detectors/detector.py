"""What the pipeline expects of a detector, and a model card of a kind of detectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from rmpe_ext.validation.checks import TYPES, check_real

if TYPE_CHECKING:
    import torch
    from typing_extensions import Self

    from ..models.build import CardNetwork
    from ..models.card import DetectorCard, ModelFile
    from ..toml_table import Table
    from .detections import Detections

__all__ = ["Detector", "DetectorKind", "check_threshold", "choose_threshold"]


class Detector(Protocol):
    """Images to the boxes of people."""

    def __call__(
        self, images: Sequence[torch.Tensor], threshold: float | None = None
    ) -> Detections:
        """Find the people in a batch of images, or what else the detector looks for.

        Parameters
        ----------
        images : sequence of Tensors (H, W, 3)
            uint8, RGB, on the network's device; sizes may differ.
        threshold : float, optional
            Lowest score, in 0..1; the detector's own, unless given.

        Returns
        -------
        Detections
            Image by image, best first; within the image, and each with an area. Boxes of different
            classes do not suppress each other.

        Raises
        ------
        TypeError, ValueError
            For a wrong dtype, shape, device or threshold.
        """
        ...


def choose_threshold(threshold: float | None, own: float) -> float:
    """The lowest score of a call, which is the detector's own, unless given.

    Raises
    ------
    TypeError, ValueError
        Unless it is a number in 0..1.
    """
    return own if threshold is None else check_threshold(threshold)


def check_threshold(threshold: float) -> float:
    """Return a threshold as a float; raise TypeError or ValueError unless it is one."""
    return check_real(TYPES, "threshold", threshold, "in 0..1", least=0, most=1)


class DetectorKind(Protocol):
    """The parameters of one network's detector; they are data, so that a card can be compared.

    Modules of detectors import torch only where it is used, so that cards are read without it.
    """

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """Files that it needs besides the network's."""
        ...

    @classmethod
    def read(cls, table: Table, *, named: bool, read_file: Callable[[Table], ModelFile]) -> Self:
        """Read the detector's tables of a card; ``named`` says whether it must name outputs.

        Raises
        ------
        rmpe.ModelError
            Where a key is missing or its value wrong.
        """
        ...

    def build(self, card: DetectorCard, network: CardNetwork, classes: Sequence[str]) -> Detector:
        """Make the detector of a card; ``network`` loads what the card names.

        Parameters
        ----------
        card : DetectorCard
        network : CardNetwork
        classes : sequence of str
            What to look for.

        Raises
        ------
        rmpe.ModelError
            Where network, files and card disagree, or there is no such class.
        """
        ...
