"""What the numbers of a configuration must be beyond their type.

No number is so large, or so small, that computing with it fails. What goes into the card of the
trained network has the bounds that cards have, or a run would end at its first validation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..models.card import LONGEST_SIDE

__all__ = [
    "Angle", "BatchSize", "Count", "Factor", "Fraction", "NotNegative",
    "NotNegativeCount", "Number", "Positive", "Range", "Seed", "Side", "UpTo10",
]  # fmt: skip


@dataclass(frozen=True)
class Range:
    """The numbers from one to another, both included.

    Examples
    --------
    >>> Range(1, 2048).holds(4096), str(Range(1, 2048))
    (False, '1 to 2048')
    """

    least: float
    most: float

    def __str__(self) -> str:
        """Say it in words."""
        least, most = (
            str(bound) if isinstance(bound, int) else f"{bound:g}"
            for bound in (self.least, self.most)
        )
        return f"{least} to {most}"

    def holds(self, value: float) -> bool:
        """Whether a number is among them."""
        return self.least <= value <= self.most


Count = Annotated[int, Range(1, 10**12)]
NotNegativeCount = Annotated[int, Range(0, 10**12)]
BatchSize = Annotated[int, Range(1, 65_536)]
Side = Annotated[int, Range(1, LONGEST_SIDE)]
# What torch takes.
Seed = Annotated[int, Range(0, 2**63 - 1)]

Number = Annotated[float, Range(-1e9, 1e9)]
Positive = Annotated[float, Range(1e-9, 1e9)]
NotNegative = Annotated[float, Range(0.0, 1e9)]
Fraction = Annotated[float, Range(0.0, 1.0)]
# Of a logarithm, or in sides of a box: 10 is far beyond what is of use.
UpTo10 = Annotated[float, Range(0.0, 10.0)]
Factor = Annotated[float, Range(1.0, 100.0)]
Angle = Annotated[float, Range(0.0, 180.0)]
