"""Frames that come by themselves and cannot be read twice: cameras, streams, standard input.

A thread reads them ahead. What is held has a limit; beyond it, a camera loses its oldest frames,
which are counted, and a pipe is not read any further.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from threading import Condition, Thread

import numpy as np
import numpy.typing as npt

from .clip import Excerpt
from .images import ImageError
from .prefetch import READ_BYTES

__all__ = ["Arrival", "Frames", "Incoming", "excerpted"]

# An image, or why there is none, and its time in seconds from the first; None: it is not known.
Frames = Generator[tuple[npt.NDArray[np.uint8] | ImageError, float | None], None, None]

_LOOK_AHEAD = 8
# Seconds after which those who wait look whether they should still.
_PATIENCE = 0.1
_FAREWELL = 1.0


@dataclass(frozen=True, eq=False, slots=True)
class Arrival:
    """A frame that came.

    Attributes
    ----------
    image : array (H, W, 3) or ImageError
        uint8, RGB.
    index : int
        Which frame of the source it is, from 0, those that were lost included.
    time : float or None
        In seconds from the first.
    """

    image: npt.NDArray[np.uint8] | ImageError
    index: int
    time: float | None

    @property
    def size(self) -> int:
        """Bytes of the image."""
        return 0 if isinstance(self.image, ImageError) else self.image.nbytes


def excerpted(frames: Frames, excerpt: Excerpt) -> Generator[Arrival, None, None]:
    """Give those frames of a source that are wanted; the source is closed with this.

    Raises
    ------
    ImageError
        Start or end is given, and the time of a frame is not known.
    """
    first = None
    with closing(frames):
        for index, (image, time) in enumerate(frames):
            if time is None and excerpt.needs_times:
                raise ImageError(
                    f"start and end need the times of frames, which frame {index} does not have"
                )
            if time is not None and excerpt.end is not None and time >= excerpt.end:
                return
            if time is None or time >= excerpt.start:
                first = index if first is None else first
                if (index - first) % excerpt.stride == 0:
                    yield Arrival(image, index, time)
            # Or it would stay in memory while the next one comes.
            del image


class Incoming:
    """Frames that are read in a thread, as they come.

    Parameters
    ----------
    frames : generator
        Gives them; used in the thread alone.
    excerpt : Excerpt
        Which of them are wanted.
    loses : bool
        Where more come than are taken, let the oldest go; otherwise let the source wait.
    look_ahead : int
        At most so many frames are held, whose bytes are at most `look_ahead_bytes`, or one.

    Attributes
    ----------
    lost : int
        Wanted frames that were let go.
    closed : bool
        Nobody takes any more.

    Raises
    ------
    Exception
        From `take`, what the source raised, when all frames before were taken.
    """

    def __init__(
        self,
        frames: Frames,
        excerpt: Excerpt,
        *,
        loses: bool,
        look_ahead: int = _LOOK_AHEAD,
        look_ahead_bytes: int = READ_BYTES,
    ) -> None:
        self.lost = 0
        self.closed = False
        self._frames, self._excerpt, self._loses = frames, excerpt, loses
        self._most, self._most_bytes = look_ahead, look_ahead_bytes
        self._held: deque[Arrival] = deque()
        self._over = False
        self._error: BaseException | None = None
        self._changed = Condition()
        # It may wait in a library that nothing interrupts; the program must be able to end.
        self._thread = Thread(target=self._read, name="rmpe-incoming", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self, most: int, stopped: Callable[[], bool] = lambda: False) -> list[Arrival]:
        """Wait for frames, and take those that are there.

        Parameters
        ----------
        most : int
            At most so many.
        stopped : callable
            Whether to wait no longer.

        Returns
        -------
        list of Arrival
            Empty where there will be none any more, or `stopped` says so.
        """
        with self._changed:
            while not (self._held or self._over or stopped()):
                # For ever, signals would not be seen.
                self._changed.wait(_PATIENCE)
            if not self._held and self._error is not None:
                raise self._error
            taken = [self._held.popleft() for _ in range(min(most, len(self._held)))]
            self._changed.notify_all()
        return taken

    def wait_for_first(self, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Wait until a frame is there; False where none will be. Raises as `take` does."""
        self.take(0, stopped)
        return bool(self._held)

    def pause(self, seconds: float) -> None:
        """Wait, for the source; not any longer when this is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed, seconds)

    def close(self) -> None:
        """Read nothing more."""
        with self._changed:
            self.closed = True
            self._held.clear()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(_FAREWELL)

    def _read(self) -> None:
        try:
            with closing(excerpted(self._frames, self._excerpt)) as arrivals:
                for arrival in arrivals:
                    self._put(arrival)
                    del arrival
                    if self.closed:
                        break
        except BaseException as error:  # Whoever takes the frames gets it.
            self._error = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _put(self, arrival: Arrival) -> None:
        with self._changed:
            while self._loses and self._is_full(arrival):
                self._held.popleft()
                self.lost += 1
            self._changed.wait_for(lambda: self.closed or not self._is_full(arrival))
            if not self.closed:
                self._held.append(arrival)
                self._changed.notify_all()

    def _is_full(self, arrival: Arrival) -> bool:
        held = sum(one.size for one in self._held)
        return bool(self._held) and (
            len(self._held) >= self._most or held + arrival.size > self._most_bytes
        )
