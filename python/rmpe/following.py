"""Detection in some frames of a video, in a run that may be interrupted anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .inputs.clip import video_of
from .outputs.records import people_of

if TYPE_CHECKING:
    import numpy as np

    from .outputs.folder import ResultFolder
    from .outputs.records import Record
    from .outputs.work import Work
    from .people import People
    from .skeletons import Skeleton

__all__ = ["Follower", "Following", "as_follower"]


class Follower(Protocol):
    """What finds people, and finds them again in the next frame: `rmpe.PoseEstimator`."""

    @property
    def skeleton(self) -> Skeleton:
        """What the keypoints are."""
        ...

    def __call__(self, images: Sequence[Any], /) -> People:
        """Find the people in images, (H, W, 3) uint8 RGB."""
        ...

    def follow(self, image: Any, before: People, /) -> People:
        """Find the people of a frame where they were in the one before."""
        ...


def as_follower(estimator: Any) -> Follower:
    """Give an estimator as one that follows; raise TypeError where it is none."""
    if not hasattr(estimator, "follow"):
        raise TypeError(
            "detect_every must be 1 for an estimator without the method follow, as "
            f"{type(estimator).__name__} is"
        )
    follower: Follower = estimator
    return follower


class Following:
    """Finds the people of one image after the other, by the detector or by those before.

    The frames of a video are in parts of so many. In the first one of each the detector looks for
    people; in each other one they are where the frame before has them. What is known of that frame
    is its record, as it is written: so a run that goes on in the middle of a part ends with the
    same results. Photographs are no frames: each is looked at for itself.

    Parameters
    ----------
    estimator : Follower
    every : int
        Frames in a part.
    folder : ResultFolder
        Holds the records of an earlier run.
    continuous : bool
        All images are frames, of a camera or the like.
    """

    def __init__(
        self, estimator: Follower, every: int, folder: ResultFolder, *, continuous: bool
    ) -> None:
        self._estimator, self._every, self._folder = estimator, every, folder
        self._continuous = continuous
        self._last: tuple[int, Record] | None = None

    def __call__(self, one: Work, image: np.ndarray) -> People:
        """Find the people of an image."""
        entry = self._before(one)
        # A frame of another size is of another scene.
        if entry is None or (entry["height"], entry["width"]) != image.shape[:2]:
            return self._estimator([image])
        return self._estimator.follow(
            image, people_of(entry, self._estimator.skeleton, self._folder.drawn_score)
        )

    def note(self, one: Work, entry: Record) -> None:
        """Remember what was found in an image."""
        self._last = (one.place, entry)

    def _before(self, one: Work) -> Record | None:
        """Look up the last record of the same part, that of a frame which was not skipped."""
        if not (self._continuous or video_of(one.path)):
            return None
        for place in range(one.place - 1, one.place - one.position % self._every - 1, -1):
            if self._last is not None and self._last[0] == place:
                return self._last[1]
            if entry := self._folder.found_at(place):
                return entry
        return None
