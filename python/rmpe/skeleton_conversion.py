"""From the keypoints of one skeleton to those of another, where they are the same points.

Two keypoints correspond if they are the same place of the body, whatever they are called. OpenPose
and Halpe put the neck between the shoulders, AI Challenger, CrowdPose and MPII higher. Points in
the middle of two others, of the shoulders or the hips, are computed from these where they are
missing: derived. MPII's pelvis and thorax are places of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .listing import listed
from .skeletons import BODY_25, CROWDPOSE_14, HALPE_26, OPENPOSE_18, SKELETONS, Skeleton

__all__ = ["Conversion"]

# What keypoints are whose names mean something else in other skeletons.
_PLACES = {
    (OPENPOSE_18.name, "neck"): "mid_shoulder",
    (BODY_25.name, "neck"): "mid_shoulder",
    (HALPE_26.name, "neck"): "mid_shoulder",
    (HALPE_26.name, "hip"): "mid_hip",
    (HALPE_26.name, "head"): "head_top",
    (CROWDPOSE_14.name, "head"): "head_top",
}
_MIDDLE_OF = {
    "mid_shoulder": ("left_shoulder", "right_shoulder"),
    "mid_hip": ("left_hip", "right_hip"),
}


@dataclass(frozen=True)
class Conversion:
    """How people of one skeleton become people of another.

    Attributes
    ----------
    target : Skeleton
        The other one.
    sources : tuple of tuple of int
        For each keypoint of the target the index of the same in the source, or of the two of which
        it is the middle.

    Examples
    --------
    >>> from rmpe.skeletons import COCO_17
    >>> conversion = Conversion.between(COCO_17, OPENPOSE_18)
    >>> conversion.sources[:3], conversion.derived
    (((0,), (5, 6), (6,)), ('neck',))
    """

    target: Skeleton
    sources: tuple[tuple[int, ...], ...]

    @classmethod
    def between(cls, source: Skeleton, target: Skeleton) -> Conversion:
        """Find out which keypoints correspond.

        Raises
        ------
        ValueError
            The source lacks keypoints of the target; the message names the first of them, and the
            skeletons that it can become.
        """
        sources, missing = _correspondence(source, target)
        if missing:
            others = [
                other.name
                for other in SKELETONS.values()
                if other.name != source.name and not _correspondence(source, other)[1]
            ]
            raise ValueError(
                f"{source.name} cannot become {target.name}: it has no {listed(missing)}; it can "
                f"become {' or '.join(others) or 'no other that is known'}"
            )
        return cls(target, sources)

    @property
    def derived(self) -> tuple[str, ...]:
        """The keypoints that are computed, by their names in the target."""
        names = zip(self.target.keypoints, self.sources, strict=True)
        return tuple(name for name, indices in names if len(indices) > 1)

    def person(
        self, keypoints: Sequence[Sequence[float | None]], scores: Sequence[float | None]
    ) -> tuple[list[list[float | None]], list[float | None]]:
        """Convert a person of a record: keypoints, K pairs, and their scores.

        The score of a derived keypoint is the smaller of both. What is None stays None.
        """
        places: list[list[float | None]] = []
        values: list[float | None] = []
        for indices in self.sources:
            columns: Any = zip(*(keypoints[i] for i in indices), strict=True)
            places.append([_mean(column) for column in columns])
            of_score = [scores[i] for i in indices]
            known = [score for score in of_score if score is not None]
            values.append(min(known) if len(known) == len(of_score) else None)
        return places, values


def _correspondence(
    source: Skeleton, target: Skeleton
) -> tuple[tuple[tuple[int, ...], ...], list[str]]:
    """Find `Conversion.sources`, and the keypoints of the target that have none."""
    index = {_place(source, name): i for i, name in enumerate(source.keypoints)}
    sources: list[tuple[int, ...]] = []
    missing = []
    for name in target.keypoints:
        place = _place(target, name)
        needed = (place,) if place in index else _MIDDLE_OF.get(place, (place,))
        if all(one in index for one in needed):
            sources.append(tuple(index[one] for one in needed))
        else:
            # What has the same name, such as the neck, may be elsewhere.
            missing.append(f"{name} at that place" if name in source.keypoints else name)
    return tuple(sources), missing


def _place(skeleton: Skeleton, keypoint: str) -> str:
    return _PLACES.get((skeleton.name, keypoint), keypoint)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return known[0] if len(known) == 1 else round(sum(known) / len(known), 3)
