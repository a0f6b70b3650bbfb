"""How people are associated: parameters, and nothing that takes long to import."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

from ..toml_table import show

__all__ = ["SIMILARITIES", "SimilarityName", "TrackingParameters", "check_number"]

SimilarityName = Literal["both", "oks", "iou"]

# What a track and a person are compared by; `rmpe.trackers.similarity` has the formulas.
SIMILARITIES: dict[SimilarityName, str] = {
    "both": "the mean of the two others",
    "oks": "object keypoint similarity of the poses",
    "iou": "intersection over union of the boxes",
}


@dataclass(frozen=True)
class TrackingParameters:
    """How people are associated.

    Parameters
    ----------
    similarity : str
        A key of `SIMILARITIES`.
    high_score : float
        People who score at least this continue tracks first, and begin new ones.
    low_score : float
        People who score less are left out.
    min_similarity : float
        Least similarity of a person with a high score and the track that it continues.
    min_similarity_low : float
        The same for a person with a low score.
    patience : int
        For so many frames in a row a track may find nobody and still go on.

    Raises
    ------
    TypeError
        A number is none.
    ValueError
        For anything else that contradicts the above.

    Examples
    --------
    >>> TrackingParameters(similarity="iou").patience
    30
    >>> TrackingParameters(low_score=0.9)
    Traceback (most recent call last):
    ValueError: low_score must be in 0..high_score, which is 0.3, got 0.9
    """

    similarity: SimilarityName = "both"
    high_score: float = 0.3
    low_score: float = 0.1
    min_similarity: float = 0.2
    min_similarity_low: float = 0.3
    patience: int = 30

    def __post_init__(self) -> None:
        if self.similarity not in tuple(SIMILARITIES):
            raise ValueError(
                f"similarity must be one of {', '.join(SIMILARITIES)}, got {show(self.similarity)}"
            )
        for name in ("high_score", "low_score", "min_similarity", "min_similarity_low"):
            value = getattr(self, name)
            check_number(name, value)
            if not 0 <= value <= 1 and name != "low_score":
                raise ValueError(f"{name} must be in 0..1, got {show(value)}")
        if not 0 <= self.low_score <= self.high_score:
            raise ValueError(
                f"low_score must be in 0..high_score, which is {self.high_score}, "
                f"got {show(self.low_score)}"
            )
        if isinstance(self.patience, bool) or not isinstance(self.patience, int):
            raise TypeError(f"patience must be an int, got {show(self.patience)}")
        if self.patience < 0:
            raise ValueError(f"patience must be at least 0, got {show(self.patience)}")


def check_number(name: str, value: Any) -> None:
    """Raise TypeError unless an argument is a number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {show(value)}")
