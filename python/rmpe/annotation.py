"""From results and the video they are of to a video in which people are drawn."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from .arguments import as_path
from .inputs.clip import Clip
from .inputs.images import ImageError
from .inputs.pyav import open_file, upright, video_stream
from .inputs.video import decode_clip, read_clip
from .output_file import check_is_file, check_output, write_atomically
from .outputs.drawing import draw
from .outputs.drawing_style import DrawingStyle
from .outputs.errors import OutputError, ResultsError
from .outputs.journal import Journal, open_journal
from .outputs.records import known_skeleton, people_of
from .outputs.run_file import known_run
from .outputs.video import CONTAINERS, UNKNOWN_RATE, Look, VideoWriter
from .progress import Progress, no_progress
from .terminal import printable

__all__ = ["annotate_video"]

_STYLE = DrawingStyle()


def annotate_video(
    results: str | os.PathLike[str],
    video: str | os.PathLike[str],
    out: str | os.PathLike[str],
    style: DrawingStyle = _STYLE,
    *,
    sound: bool = True,
    report: Callable[[str], object] = lambda line: None,
    progress: Progress = no_progress,
) -> int:
    """Draw people into a video, from results that are there.

    The new video has the old one's size, times, colors and sound. A frame that the results do not
    tell of stays as it is; in place of one that cannot be decoded, the one before is shown on.
    Frames whose times the file does not have are drawn at the rate that it states, or else at 25 a
    second.

    Parameters
    ----------
    results : str or path-like
        A folder of results, with ``results.jsonl``.
    video : str or path-like
        The video that they are of.
    out : str or path-like
        The new video, ``.mp4``, ``.m4v``, ``.mov`` or ``.mkv``; complete or not there.
    style : DrawingStyle
        Who and what is drawn. Joints are those that drawings of `rmpe infer` have: the folder
        knows the network's score for that, unless the style has its own.
    sound : bool
        Copy the sound.
    report : callable
        Gets a line for each thing that people should know of.
    progress : callable
        Called with ``"frame"`` and how many there are; returns a context manager that gives what
        to call with the number of those that were done.

    Returns
    -------
    int
        How many frames have a record.

    Raises
    ------
    ResultsError
        There are no results, or they are not of this video.
    ImageError
        The video cannot be read, or its frames are of different sizes.
    OutputError
        The new video cannot be written, or would replace the old one.
    """
    video, out = as_path("video", video, ImageError), as_path("out", out, OutputError)
    results = as_path("results", results, ResultsError)
    if out.suffix.lower() not in CONTAINERS:
        raise OutputError(f"--out must end in {', '.join(CONTAINERS)}, got {out.name}")
    if os.path.realpath(video) == os.path.realpath(out):
        raise OutputError(f"--out must be another file than the video, got {out}")
    try:
        check_output(out)
        check_is_file(out)
    except OSError as error:
        raise OutputError(f"cannot write {out}: {error.strerror}") from None
    clip = _with_times(read_clip(video), report)
    about = known_run(results)
    with open_journal(results, report) as journal:
        files = _frames_of(journal, clip, results, about.directory)

        def drawn(image: Any, number: int) -> Any:
            return _drawn(image, journal, files[number], style, about.drawn_score)

        with progress("frame", len(clip)) as advance:

            def write(file: BinaryIO) -> None:
                _write(file, out.suffix.lower(), clip, drawn, sound, advance)

            try:
                write_atomically(Path(os.path.realpath(out)), write)
            except OSError as error:
                raise OutputError(f"cannot write {out}: {error.strerror or error}") from None
    return sum(file is not None for file in files)


def _with_times(clip: Clip, report: Callable[[str], object]) -> Clip:
    """Give frames without times those of the rate that the file states."""
    if clip.unit is not None:
        return clip
    rate, says = clip.rate or UNKNOWN_RATE, "as it states" if clip.rate else "as it states none"
    report(
        f"{printable(clip.path)}: the times of its frames are not known; it is drawn at "
        f"{float(rate):g} frames a second, {says}"
    )
    return replace(clip, unit=1 / rate)


def _frames_of(journal: Journal, clip: Clip, results: Path, start: str) -> list[str | None]:
    """Find the record of each frame: its ``file``; relative ones are from `start`."""
    named = [path.name for path in clip.paths(range(len(clip)))]
    placed: dict[str, list[str]] = {}  # Records by their folders.
    for file in journal.done:
        placed.setdefault(os.path.dirname(file), []).append(file)
    folders = {folder for folder in placed if os.path.basename(folder) == clip.path.name}
    if not folders:  # COCO names frames without their video.
        like = re.compile(re.escape(clip.path.stem) + r"_[0-9]{6,}\.jpg")
        for folder, files in placed.items():
            placed[folder] = [one for one in files if like.fullmatch(os.path.basename(one))]
        folders = {folder for folder, files in placed.items() if files}
    if len(folders) > 1:  # Videos of one name, in different folders.
        path = os.path.realpath(clip.path)
        same = {one for one in folders if os.path.realpath(os.path.join(start, one)) == path}
        folders = same or folders
    if len(folders) != 1:
        found = "none" if not folders else f"{len(folders)} of that name"
        raise ResultsError(
            f"{results} must hold results of the video {clip.path.name}, got {found}"
        )
    (folder,) = folders
    files = [os.path.join(folder, name) for name in named]
    others = sorted(set(placed[folder]).difference(files))
    if others:
        raise ResultsError(
            f"{printable(clip.path)}: it must be the video that {results} is of, but "
            f"{len(others)} of the records there, such as {printable(others[0])}, are of none of "
            f"its frames, {named[0]} to {named[-1]}"
        )
    return [file if file in journal.done else None for file in files]


def _write(
    file: BinaryIO,
    suffix: str,
    clip: Clip,
    drawn: Callable[[Any, int], Any],
    sound: bool,
    advance: Callable[[int], object],
) -> None:
    with open_file(clip.path) as container:
        heard = list(container.streams.audio) if sound else []
        packets: list[Any] = []  # Sound that is not written yet.
        writer: VideoWriter | None = None
        last: npt.NDArray[np.uint8] | None = None
        done = 0
        for number, frame in decode_clip(clip, container, heard, packets.append):
            if number < done:
                continue
            shown = drawn(upright(frame), number)
            if last is not None and shown.shape != last.shape:
                raise ImageError(
                    f"{printable(clip.path)}: all frames must have the size of the first, "
                    f"{last.shape[1]} x {last.shape[0]}, but frame {number} is {shown.shape[1]} x "
                    f"{shown.shape[0]}"
                )
            if writer is None:
                turned = round(frame.rotation / 90) % 2 == 1
                look = Look.of(video_stream(container, clip.path), turned=turned)
                size = shown.shape[:2]
                writer = VideoWriter(file, suffix, size, clip.unit, clip.rate, heard, look)
            writer.write_sound(packets)
            packets.clear()
            # In place of frames that are lost, the one before is shown on.
            for lost in range(done, number):
                writer.write(shown if last is None else last, int(clip.stamps[lost]))
            writer.write(shown, int(clip.stamps[number]))
            advance(number + 1 - done)
            last, done = shown, number + 1
        if writer is None or last is None:
            raise ImageError(f"{printable(clip.path)}: no frame can be decoded")
        for lost in range(done, len(clip)):
            writer.write(last, int(clip.stamps[lost]))
        advance(len(clip) - done)
        writer.write_sound(packets)
        writer.finish()


def _drawn(
    image: Any, journal: Journal, file: str | None, style: DrawingStyle, drawn_score: float | None
) -> Any:
    entry = {"error": ""} if file is None else journal.record(file)
    if "error" in entry:
        return image
    if image.shape[:2] != (entry["height"], entry["width"]):
        raise ResultsError(
            f"{file}: the frame must be {entry['width']} x {entry['height']} pixels, as in the "
            f"results, got {image.shape[1]} x {image.shape[0]}"
        )
    return draw(image, people_of(entry, known_skeleton(entry), drawn_score), style)
