"""What a skeleton is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rmpe_ext.sigmas import COCO_SIGMAS
from rmpe_ext.validation.checks import TYPES, check_type, show

__all__ = ["SILHOUETTE", "Skeleton"]

# Of a person's box, the share that the silhouette covers in COCO, on average.
SILHOUETTE = 0.53


@dataclass(frozen=True)
class Skeleton:
    """The keypoints of a person, in the order of a data set or network.

    Parameters
    ----------
    name : str
        How model cards and result files call it.
    keypoints : tuple of str
        K distinct names; those of a side start with ``left_`` or ``right_``.
    limbs : tuple of (int, int)
        Indices of the keypoints that a drawing joins.
    flip_pairs : tuple of (int, int)
        Indices of the keypoints that trade places when the image is mirrored; where their names do
        not say which is the left one, it is the first. A keypoint is in one pair at most.
    sigmas : tuple of float, optional
        Of each keypoint, the spread of human annotators that object keypoint similarity (OKS)
        divides by, relative to the square root of the person's area. None where the data set
        publishes none.
    fine : tuple of int
        Indices of the keypoints that lie close together, of faces and hands: drawings give them
        thin lines and no names.

    Raises
    ------
    ValueError
        For anything that contradicts the above.

    Examples
    --------
    >>> from rmpe.skeletons import COCO_17
    >>> COCO_17.keypoints[9], COCO_17.sigmas[9]
    ('left_wrist', 0.062)
    >>> Skeleton("stick", ("top", "bottom"), limbs=((0, 2),), flip_pairs=(), sigmas=None)
    Traceback (most recent call last):
    ValueError: limbs of skeleton stick must be pairs of different indices in 0..1, got (0, 2)
    """

    name: str
    keypoints: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...]
    flip_pairs: tuple[tuple[int, int], ...]
    sigmas: tuple[float, ...] | None
    fine: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self._check_types()
        count = len(self.keypoints)
        repeated = [k for k in self.keypoints if self.keypoints.count(k) > 1]
        if not count or repeated:
            raise ValueError(
                f"keypoints of skeleton {self.name} must be distinct names, at least one, "
                f"got {f'{repeated[0]!r} twice' if repeated else 'none'}"
            )
        self._check_pairs("limbs", self.limbs)
        self._check_pairs("flip_pairs", self.flip_pairs)
        paired = [index for pair in self.flip_pairs for index in pair]
        for index in paired:
            if paired.count(index) > 1:
                raise ValueError(
                    f"flip_pairs of skeleton {self.name} must hold each keypoint at most once, "
                    f"got {index} ({self.keypoints[index]}) twice"
                )
        if self.sigmas is None:
            return
        if len(self.sigmas) != count:
            raise ValueError(
                f"sigmas of skeleton {self.name} must have one value for each of its {count} "
                f"keypoints, got {len(self.sigmas)}"
            )
        for sigma in self.sigmas:
            check_type(TYPES, f"each of sigmas of skeleton {self.name}", sigma, "float")
            if not 0 < sigma < math.inf:
                raise ValueError(f"sigmas of skeleton {self.name} must be above 0, got {sigma}")

    def __len__(self) -> int:
        """Return the number of keypoints, K."""
        return len(self.keypoints)

    @property
    def likely_sigmas(self) -> tuple[float, ...]:
        """`sigmas`, or, where nobody published any, the mean of COCO's for each keypoint."""
        return self.sigmas or (sum(COCO_SIGMAS) / len(COCO_SIGMAS),) * len(self)

    def _check_types(self) -> None:
        check_type(TYPES, "name", self.name, "str")
        what = {"keypoints": "names", "limbs": "pairs", "flip_pairs": "pairs", "sigmas": "numbers"}
        for field, of in what.items():
            value = getattr(self, field)
            if not isinstance(value, (tuple, list)) and not (field == "sigmas" and value is None):
                raise TypeError(
                    f"{field} of skeleton {self.name} must be a tuple of {of}, got {show(value)}"
                )
        for name in self.keypoints:
            check_type(TYPES, f"each of keypoints of skeleton {self.name}", name, "str")

    def _check_pairs(self, field: str, pairs: Sequence[tuple[int, int]]) -> None:
        last = len(self.keypoints) - 1
        for pair in pairs:
            if not isinstance(pair, (tuple, list)) or not all(isinstance(i, int) for i in pair):
                raise TypeError(
                    f"{field} of skeleton {self.name} must be pairs of whole numbers, "
                    f"got {show(pair)}"
                )
            if len(set(pair)) != 2 or len(pair) != 2 or min(pair) < 0 or max(pair) > last:
                raise ValueError(
                    f"{field} of skeleton {self.name} must be pairs of different indices "
                    f"in 0..{last}, got {pair}"
                )
