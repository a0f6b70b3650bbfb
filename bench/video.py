"""Show a video from end to end: ``python -m bench.video``.

People cut out of photographs walk through a video of 300 frames, by known motion, with sound.
`rmpe infer --track` finds and tracks them twice: undisturbed, and killed by SIGKILL again and
again and resumed. The files must be the same bit for bit. `rmpe draw` makes the annotated video,
which must have as many frames, the same duration, rate and sound. With ``--keep`` all of it stays
in a folder, with some frames of the annotated video as a picture.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .tracking import DATA, HEIGHT, WIDTH, cutouts, sequence

RATE, SOUND = 25, 44100


def make(path: Path, frames: int) -> None:
    """Write the video: people who walk, and a tone that rises."""
    import av

    people, backgrounds = cutouts(DATA / "coco-mini")
    rng = np.random.default_rng(7)
    chosen = [people[i] for i in rng.choice(len(people), 5, replace=False)]
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate = 4_000_000
        sound = container.add_stream("aac", rate=SOUND, layout="mono")
        for pixels, _, _ in sequence(chosen, backgrounds[0], frames, rng):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
        seconds = np.arange(SOUND * frames // RATE) / SOUND
        tone = (0.2 * np.sin(2 * math.pi * (220 + 20 * seconds) * seconds)).astype(np.float32)
        for start in range(0, len(tone), 1024):
            piece = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], "fltp", "mono")
            piece.sample_rate, piece.pts = SOUND, start
            piece.time_base = Fraction(1, SOUND)
            container.mux(sound.encode(piece))
        container.mux(sound.encode())


def rmpe(*arguments: object) -> list[str]:
    """The command line of a command."""
    return [sys.executable, "-m", "rmpe", *map(str, arguments)]


def killed(command: list[str], journal: Path, records: int) -> bool:
    """Run a command until so many records are there, and kill it; False: it came to its end."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if journal.exists() and journal.read_bytes().count(b"\n") >= records:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.02)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")
    return False


def facts(path: Path) -> dict[str, Any]:
    """Frames, duration, rate, size and sound of a video."""
    import av

    with av.open(str(path)) as container:
        video, (sound,) = container.streams.video[0], container.streams.audio
        packets = [packet for packet in container.demux(video, sound) if packet.size]
        times = sorted(p.pts * p.time_base for p in packets if p.stream == video)
        heard = [bytes(packet) for packet in packets if packet.stream == sound]
        return {
            "frames": len(times),
            "seconds": float(times[-1] - times[0] + 1 / video.average_rate),
            "frames a second": float(video.average_rate),
            "size": f"{video.width} x {video.height}",
            "packets of sound": len(heard),
            "sound": hash(b"".join(heard)),
        }


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def sheet(video: Path, out: Path) -> None:
    """Save six frames of a video as one picture."""
    from rmpe.inputs.video import read_clip, read_clip_frames

    count = len(read_clip(video))
    chosen = [frame for frame in read_clip_frames(video, range(0, count, count // 6))][:6]
    rows = [np.hstack(chosen[:3]), np.hstack(chosen[3:])]
    cv2.imwrite(str(out), np.vstack(rows)[:, :, ::-1])


def show(folder: Path, frames: int, kills: int) -> None:
    """Do all of it in a folder, and print what was found; raises SystemExit where it is not so."""
    video, drawn = folder / "walk.mp4", folder / "walk-poses.mp4"
    make(video, frames)
    options = ["--track", "--formats", "jsonl,coco,alphapose,openpose,csv", "--quiet"]
    whole, broken = folder / "whole", folder / "broken"
    for out, stops in ((whole, 0), (broken, kills)):
        command = rmpe("infer", video, "--out", out, "--batch-size", 4, *options)
        journal = out / "results.jsonl.partial"
        for number in range(stops):
            resumed = [*command, "--resume"] if number else command
            if not killed(resumed, journal, (number + 1) * frames // (stops + 1)):
                raise SystemExit("the run ended before it was killed")
            print(f"killed with {journal.read_bytes().count(bytes([10]))} records written")
        subprocess.run([*command, "--resume"] if stops else command, check=True)
    same = contents(whole) == contents(broken)
    print(f"files of results: {len(contents(whole))}, the same bit for bit: {same}")
    subprocess.run(rmpe("draw", whole, video, "--out", drawn, "--quiet"), check=True)
    before, after = facts(video), facts(drawn)
    for name, value in before.items():
        told = value if name != "sound" else "copied"
        print(f"{name:<17}  {told}" if value == after[name] else f"{name}: {value}, {after[name]}")
    sheet(drawn, folder / "sheet.png")
    if not same or before != after:
        raise SystemExit("it is not the same")


def main() -> None:
    """Show it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=300, metavar="N")
    parser.add_argument("--kills", type=int, default=4, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for what is made")
    arguments = parser.parse_args()
    if arguments.keep is not None:
        os.makedirs(arguments.keep)
        show(arguments.keep, arguments.frames, arguments.kills)
        return
    with tempfile.TemporaryDirectory() as folder:
        show(Path(folder), arguments.frames, arguments.kills)


if __name__ == "__main__":
    main()
