"""Where boxes will be in the next frame: a Kalman filter of constant velocity, for all at once.

The state of a box is ``cx, cy, w, h`` and their velocities, in pixels and pixels a frame. All
deviations are relative to the height of the box, so that near and far people are treated alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Motion"]

Floats = npt.NDArray[np.float64]

# Deviations relative to a box's height, as DeepSORT (Wojke et al. 2017) has them: of a measured or
# predicted position, and of a velocity from frame to frame.
_POSITION = 1 / 20
_VELOCITY = 1 / 160
# A box is never predicted narrower or lower than this, in pixels.
_SMALLEST = 1.0


@dataclass(frozen=True, eq=False)
class Motion:
    """What is known of the motion of T boxes.

    Attributes
    ----------
    mean : array (T, 8), float64
        ``cx, cy, w, h`` and their velocities.
    covariance : array (T, 8, 8), float64

    Examples
    --------
    >>> motion = Motion.begin(np.array([[0.0, 0, 10, 20]]))
    >>> for x in range(1, 21):
    ...     motion = motion.predict().update(np.array([[x, 0.0, x + 10, 20]]))
    >>> motion.predict(elapsed=10).boxes.round(0)
    array([[30.,  0., 40., 20.]])
    """

    mean: Floats
    covariance: Floats

    @classmethod
    def begin(cls, boxes: Floats) -> Motion:
        """Start with boxes (T, 4), ``x1, y1, x2, y2``, that rest."""
        mean = np.concatenate([_center_and_size(boxes), np.zeros_like(boxes)], axis=1)
        height = mean[:, 3:4]
        deviations = np.concatenate(
            [
                np.repeat(2 * _POSITION * height, 4, axis=1),
                np.repeat(10 * _VELOCITY * height, 4, axis=1),
            ],
            axis=1,
        )
        return cls(mean, _diagonal(deviations**2))

    @property
    def boxes(self) -> Floats:
        """The boxes (T, 4), ``x1, y1, x2, y2``."""
        center, size = self.mean[:, :2], np.maximum(self.mean[:, 2:4], _SMALLEST)
        return np.concatenate([center - size / 2, center + size / 2], axis=1)

    @property
    def variances(self) -> Floats:
        """Of each box's center, in x as in y, (T,), in square pixels."""
        variances: Floats = self.covariance[:, 0, 0]
        return variances

    def predict(self, elapsed: float = 1.0) -> Motion:
        """Go on by a time, in frames."""
        transition = np.eye(8)
        transition[:4, 4:] = elapsed * np.eye(4)
        height = np.maximum(self.mean[:, 3:4], _SMALLEST)
        deviations = height * np.repeat([_POSITION, _VELOCITY], 4)
        noise = _diagonal(deviations**2 * elapsed)
        return Motion(self.mean @ transition.T, transition @ self.covariance @ transition.T + noise)

    def update(self, boxes: Floats) -> Motion:
        """Correct the prediction by the boxes (T, 4) that were found."""
        deviation = _POSITION * np.maximum(self.mean[:, 3:4], _SMALLEST)
        innovation = self.covariance[:, :4, :4] + _diagonal(np.repeat(deviation, 4, axis=1) ** 2)
        # The gain, P H' S^-1, by solving S X = H P.
        gain = np.linalg.solve(innovation, self.covariance[:, :4, :]).transpose(0, 2, 1)
        surprise = _center_and_size(boxes) - self.mean[:, :4]
        mean = self.mean + (gain @ surprise[:, :, None])[:, :, 0]
        return Motion(mean, self.covariance - gain @ self.covariance[:, :4, :])

    def select(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Motion:
        """Keep some of the boxes."""
        return Motion(self.mean[index], self.covariance[index])

    def join(self, other: Motion) -> Motion:
        """Put the boxes of another behind these."""
        return Motion(
            np.concatenate([self.mean, other.mean]),
            np.concatenate([self.covariance, other.covariance]),
        )


def _center_and_size(boxes: Floats) -> Floats:
    """Turn ``x1, y1, x2, y2`` into ``cx, cy, w, h``."""
    low, high = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([(low + high) / 2, np.maximum(high - low, _SMALLEST)], axis=1)


def _diagonal(values: Floats) -> Floats:
    """Make a diagonal matrix of each row."""
    matrices: Floats = values[:, :, None] * np.eye(values.shape[1])
    return matrices
