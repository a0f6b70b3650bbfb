"""How people are associated and smoothed: parameters, and nothing that takes long to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rmpe_ext.validation.checks import TYPES, check_real, check_type, check_whole

from ..arguments import check_name
from ..toml_table import show

__all__ = ["SIMILARITIES", "SimilarityName", "TrackingParameters"]

SimilarityName = Literal["both", "oks", "iou"]
FilterName = Literal["savgol", "one-euro", "butterworth"]

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
        check_name("similarity", self.similarity, SIMILARITIES)
        for name in ("high_score", "low_score", "min_similarity", "min_similarity_low"):
            value = getattr(self, name)
            check_type(TYPES, name, value, "float")
            if not 0 <= value <= 1 and name != "low_score":
                raise ValueError(f"{name} must be in 0..1, got {show(value)}")
        if not 0 <= self.low_score <= self.high_score:
            raise ValueError(
                f"low_score must be in 0..high_score, which is {self.high_score}, "
                f"got {show(self.low_score)}"
            )
        check_whole(TYPES, "patience", self.patience, 0)


# `rmpe.trackers.smoothing` has the formulas.
FILTERS: dict[FilterName, str] = {
    "savgol": "a parabola through the frames before and after (Savitzky-Golay), for recorded video",
    "one-euro": "the One-Euro filter, of the frames before alone: it lags a little",
    "butterworth": "what is slow passes (Butterworth, forth and back), as in biomechanics",
}
# Of which filter these parameters are.
FILTER_OF: dict[str, FilterName] = {
    "window": "savgol",
    "cutoff": "one-euro",
    "beta": "one-euro",
    "frequency": "butterworth",
}


@dataclass(frozen=True)
class SmoothingParameters:
    """How tracks are smoothed.

    Parameters
    ----------
    filter : str
        A key of `FILTERS`.
    window : int
        Of ``savgol``: how many frames a parabola is fitted to; odd. At the ends of a track, those
        that there are.
    cutoff : float
        Of ``one-euro``: of a keypoint at rest, in cycles a frame; lower is steadier.
    beta : float
        Of ``one-euro``: how much the cutoff grows with the speed, in sizes of the person a frame;
        higher lags less.
    frequency : float
        Of ``butterworth``: motion that is slower passes, in cycles a frame, above 0 and below 0.5;
        of motion at it, half the height does.
    max_gap : int
        So many frames in a row without a keypoint, or a person, are filled in between; 0: none.

    Raises
    ------
    TypeError
        A number is none.
    ValueError
        For anything else that contradicts the above, and for a parameter of another filter.

    Examples
    --------
    >>> SmoothingParameters(window=4)
    Traceback (most recent call last):
    ValueError: window must be odd and at least 5, got 4
    """

    filter: FilterName = "savgol"
    window: int = 7
    cutoff: float = 0.04
    beta: float = 2.0
    frequency: float = 0.1
    max_gap: int = 5

    def __post_init__(self) -> None:
        check_name("filter", self.filter, FILTERS)
        check_whole(TYPES, "window", self.window, 1)
        if self.window < 5 or self.window % 2 == 0:
            raise ValueError(f"window must be odd and at least 5, got {show(self.window)}")
        check_real(TYPES, "cutoff", self.cutoff, "above 0", above=0)
        check_real(TYPES, "beta", self.beta, "at least 0", least=0)
        check_real(TYPES, "frequency", self.frequency, "above 0 and below 0.5", above=0, below=0.5)
        check_whole(TYPES, "max_gap", self.max_gap, 0)
        for name, filter_name in FILTER_OF.items():
            value = getattr(self, name)
            if self.filter != filter_name and value != getattr(SmoothingParameters, name):
                raise ValueError(
                    f"{name} must be left out: it is for filter {filter_name}, got {show(value)} "
                    f"for {self.filter}"
                )
