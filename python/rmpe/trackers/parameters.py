"""How people are associated: parameters, and nothing that takes long to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["SIMILARITIES", "SimilarityName", "TrackingParameters"]

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
    ValueError
        For anything that contradicts the above.

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
        if self.similarity not in SIMILARITIES:
            raise ValueError(
                f"similarity must be one of {', '.join(SIMILARITIES)}, got {self.similarity!r}"
            )
        for name in ("high_score", "min_similarity", "min_similarity_low"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be in 0..1, got {value!r}")
        if not 0 <= self.low_score <= self.high_score:
            raise ValueError(
                f"low_score must be in 0..high_score, which is {self.high_score}, "
                f"got {self.low_score!r}"
            )
        if isinstance(self.patience, bool) or not isinstance(self.patience, int):
            raise TypeError(f"patience must be an int, got {self.patience!r}")
        if self.patience < 0:
            raise ValueError(f"patience must be at least 0, got {self.patience}")
