"""What the pipeline expects of a head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, Protocol

if TYPE_CHECKING:
    import torch
    from typing_extensions import Self

    from rmpe_ext.conventions import ConventionName

    from ..networks.network import Shape
    from ..toml_table import Table

__all__ = ["Head", "refuse_convention"]


class Head(Protocol):
    """The parameters of one network's head; they are data, so that a card can be compared.

    Modules of heads import torch only where it is used, so that cards are read without it.
    """

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs in an ONNX file; empty for networks that give a tuple."""
        ...

    @classmethod
    def read(cls, table: Table, *, named: bool, size: tuple[int, int]) -> Self:
        """Read the head's table of a card.

        Parameters
        ----------
        table : Table
        named : bool
            Whether it must name outputs.
        size : tuple of int
            Height and width of the crops.

        Raises
        ------
        rmpe.ModelError
            Where a key is missing or its value wrong.
        """
        ...

    def output_shapes(self, joints: int, size: tuple[int, int]) -> tuple[Shape, ...]:
        """Shape of one item of each output, for K joints and crops of height and width ``size``.

        Raises
        ------
        rmpe.ModelError
            Where the parameters do not go with such crops.
        """
        ...

    def with_convention(self, convention: ConventionName) -> Self:
        """Give the head that decodes by another convention of :func:`rmpe_ext.decode`.

        Raises
        ------
        ValueError
            Where there is no such convention, or the head has none.
        """
        ...

    def decode(
        self,
        outputs: Sequence[torch.Tensor],
        matrices: torch.Tensor,
        *,
        mirrored: Sequence[torch.Tensor] | None = None,
        flip_pairs: Sequence[tuple[int, int]] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn a network's outputs into keypoints.

        Parameters
        ----------
        outputs : sequence of Tensors
            Of N crops.
        matrices : Tensor (N, 2, 3)
            Image pixel -> crop pixel.
        mirrored : sequence of Tensors, optional
            The outputs of the mirrored crops, which are averaged in.
        flip_pairs : sequence of (int, int), optional
            The joints that change sides in a mirror; needed with ``mirrored``.

        Returns
        -------
        keypoints : Tensor (N, K, 2)
            ``x, y`` in image pixels.
        scores : Tensor (N, K)
        """
        ...


def refuse_convention(network: str, convention: ConventionName) -> NoReturn:
    """Raise the error of a head without conventions; ``network``: whose head it is."""
    raise ValueError(
        f"convention must be left out for a {network}: it says how heatmaps are read, "
        f"got {convention!r}"
    )
