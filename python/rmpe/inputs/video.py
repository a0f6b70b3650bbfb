"""Video files as frames, in the order in which they are seen.

PyAV decodes: unlike OpenCV it gives each frame's own time, which a video of variable rate needs,
and the rotation that a phone notes. A frame is found again by its timestamp, so that its number
does not depend on what could be decoded before it. AVI has no such times of H.264 with B-frames;
there, by the time at which the decoder gives it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..terminal import printable
from .clip import Clip, Excerpt, is_video
from .images import ImageError
from .missing_times import with_missing_times
from .pyav import Decoded, by_decoding, decode, import_av, open_file, refusal, upright, video_stream

if TYPE_CHECKING:
    import av

__all__ = ["decode_clip", "expand_videos", "read_clip", "read_clip_frames"]


def read_clip(path: str | os.PathLike[str]) -> Clip:
    """Find the frames of a video, without decoding any.

    Raises
    ------
    ImageError
        It cannot be read, holds no frame, or PyAV is not installed.
    """
    av = import_av(path)
    stamps: list[int | None] = []
    decoding: list[int | None] = []
    with open_file(path) as container:
        stream = video_stream(container, path)
        unit, average, stated = (
            stream.time_base,
            stream.average_rate,
            stream.codec_context.framerate,
        )
        reordered = by_decoding(container, stream)
        try:
            for packet in container.demux(stream):
                if packet.size and not packet.is_discard:
                    stamps.append(packet.pts)
                    decoding.append(packet.dts)
        except (av.FFmpegError, OSError):
            pass  # Cut off, or damaged: what comes before counts.
    if not stamps:
        raise ImageError(f"{printable(path)}: this video holds no frame")
    rate = average or stated or None
    step = float(1 / (rate * unit)) if rate and unit else None
    known = with_missing_times(stamps, step) if unit else None
    if known is None:
        # The average of a stream without times is a guess of FFmpeg.
        return Clip(Path(path), np.arange(len(stamps)), None, rate=stated or rate)
    decode_times = {time for time in decoding if time is not None}
    # MPEG-4 has times of its own, which FFmpeg knows how to read.
    if reordered and known.tolist() == stamps and decoding == sorted(decode_times):
        return Clip(Path(path), np.array(decoding, np.int64), unit, by_decoding=True, rate=rate)
    return Clip(Path(path), known, unit, rate=rate)


def expand_videos(
    paths: Iterable[Path], excerpt: Excerpt, report: Callable[[str], object]
) -> tuple[list[Path], dict[Path, Clip]]:
    """Put the frames of videos in their place.

    Parameters
    ----------
    paths : iterable of Path
        Files; those that are no videos stay.
    excerpt : Excerpt
        Which frames.
    report : callable
        Called with a line about each video that cannot be read or has no such frame; it is left
        out.

    Returns
    -------
    paths : list of Path
        Of photographs, and of frames, as `Clip.paths` gives them.
    clips : dict of Path to Clip
        The videos.
    """
    found: list[Path] = []
    clips: dict[Path, Clip] = {}
    for path in paths:
        if not is_video(path):
            found.append(path)
            continue
        try:
            clip = read_clip(path)
            chosen = clip.select(excerpt)
            if not chosen:
                last = clip.time(len(clip) - 1)
                raise ImageError(
                    f"{printable(path)}: no frame is from start to end, its last is at {last} s"
                )
            found += clip.paths(chosen)
            clips[path] = clip
        except ImageError as error:
            report(str(error))
    return found, clips


def read_clip_frames(
    path: str | os.PathLike[str], indices: Iterable[int]
) -> Generator[npt.NDArray[np.uint8] | ImageError, None, None]:
    """Decode some frames of a video.

    Parameters
    ----------
    path : str or path-like
        The file.
    indices : iterable of int
        Which frames, in increasing order.

    Yields
    ------
    array (H, W, 3) or ImageError
        Of each frame: uint8, RGB, upright; or the reason why there is none.

    """
    wanted = deque(indices)
    try:
        clip = read_clip(path)
    except ImageError as error:
        yield from (error for _ in wanted)
        return
    try:
        with open_file(clip.path) as container:
            for index, frame in decode_clip(clip, container):
                while wanted and wanted[0] < index:
                    yield _lost(clip, wanted.popleft())
                if wanted and wanted[0] == index:
                    wanted.popleft()
                    yield upright(frame)
                if not wanted:
                    return
    except ImageError:
        pass  # It ends here; what is wanted of the rest is lost.
    while wanted:
        yield _lost(clip, wanted.popleft())


def decode_clip(
    clip: Clip,
    container: Any,
    sound: Sequence[Any] = (),
    take_sound: Callable[[Any], object] = lambda packet: None,
) -> Generator[tuple[int, av.VideoFrame], None, None]:
    """Decode all frames that are not damaged, each with its number.

    Parameters
    ----------
    clip : Clip
    container
        As `rmpe.inputs.pyav.open_file` gives it.
    sound : sequence of streams of PyAV
        Of the same container.
    take_sound : callable
        Gets the packets of the sound, in between.

    Yields
    ------
    (int, av.VideoFrame)

    Raises
    ------
    ImageError
        The file cannot be read any more.
    """
    av = import_av(clip.path)
    video = video_stream(container, clip.path)
    try:
        decoded = decode(container, video, sound, take_sound)
        for number, frame in _numbered(clip, decoded):
            if frame is not None and 0 <= number < len(clip):
                yield number, frame
    except (av.FFmpegError, OSError) as error:
        raise refusal(clip.path, error) from None


def _numbered(clip: Clip, decoded: Iterable[Decoded]) -> Iterator[tuple[int, av.VideoFrame | None]]:
    """Number what a decoder gives."""
    number_of: dict[int | None, int] = {int(stamp): i for i, stamp in enumerate(clip.stamps)}
    count = delay = 0  # How many are behind us.
    for stamp, frame, came, given_at in decoded:
        number = count
        if clip.by_decoding and came:
            # The frames behind one that is lost come as late as they would have with it.
            place = number_of.get(given_at, -1)
            delay = place if count == 0 else delay
            number = max(count, place - delay)
        elif clip.unit is not None and stamp is not None:
            number = number_of.get(stamp, -1)
        if came and number >= 0:
            count = number + 1
        yield number, frame


def _lost(clip: Clip, index: int) -> ImageError:
    return ImageError(f"{printable(clip.path)}: frame {index} cannot be decoded")
