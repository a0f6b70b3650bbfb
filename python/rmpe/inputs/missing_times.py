"""Times of the few frames of a video that have none, by those of the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["with_missing_times"]


def with_missing_times(
    stamps: Sequence[int | None], step: float | None
) -> npt.NDArray[np.int64] | None:
    """Complete the times of a video's frames.

    Parameters
    ----------
    stamps : sequence of N int or None
        When each frame is shown, in the order of decoding; None where it is not known.
    step : float or None
        From one frame to the next, in the same units, on average; None where it is not known.

    Returns
    -------
    array (N,), int64, or None
        Increasing. Where frames are decoded in the order in which they are seen, missing times are
        evenly between their neighbours', and by the step before the first and behind the last.
        Else they fill the gaps of several steps. None where no time is known, two are the same, or
        the gaps hold more or fewer frames than there are.

    Examples
    --------
    >>> with_missing_times([0, 40, None, 120, None], 40).tolist()
    [0, 40, 80, 120, 160]
    >>> with_missing_times([0, 120, None, 80], 40).tolist()
    [0, 40, 80, 120]
    """
    known = [stamp for stamp in stamps if stamp is not None]
    ordered = sorted(set(known))
    if not known or len(ordered) < len(known):
        return None
    if len(known) == len(stamps):
        return np.array(ordered, np.int64)
    found = _between(stamps, step) if known == ordered else _in_gaps(ordered, len(stamps), step)
    if found is None or len(found) != len(stamps) or (np.diff(found) <= 0).any():
        return None
    return found


def _between(stamps: Sequence[int | None], step: float | None) -> npt.NDArray[np.int64] | None:
    places = [place for place, stamp in enumerate(stamps) if stamp is not None]
    known = np.array([stamp for stamp in stamps if stamp is not None], np.int64)
    first, last, end = places[0], places[-1], len(stamps) - 1
    if step is None:
        if first > 0 or last < end:
            return None
        step = 0.0
    # From the first one, as floats do not hold all of 64 bits.
    times = np.interp(np.arange(end + 1), places, known - known[0])
    times[:first] -= step * np.arange(first, 0, -1)
    times[last + 1 :] += step * np.arange(1, end - last + 1)
    found: npt.NDArray[np.int64] = known[0] + np.rint(times).astype(np.int64)
    return found


def _in_gaps(known: Sequence[int], count: int, step: float | None) -> npt.NDArray[np.int64] | None:
    # A wrong time may be years away.
    if step is None or (known[-1] - known[0]) / step > count:
        return None
    found = [known[0]]
    for before, after in pairwise(known):
        steps = max(1, round((after - before) / step))
        found += [before + (after - before) * i // steps for i in range(1, steps + 1)]
    return np.array(found, np.int64)
