"""Make a video of a photograph, as from a camera that goes over it and comes closer.

It is for trying what takes videos, where none is at hand:

    python examples/python/make_video.py examples/photographs/basketball.jpg --out moving.mp4
    rmpe infer moving.mp4 --track --no-draw --out results
    rmpe draw results moving.mp4 --out moving-poses.mp4
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from rmpe import read_image
from rmpe.outputs.video import VideoWriter

# How much closer the camera comes, and which share of the photograph it goes to and fro.
CLOSER, AWAY = 1.12, 0.05


def windows(count: int, size: tuple[int, int]) -> np.ndarray:
    """The way from a photograph of a height and a width into each frame, (count, 2, 3)."""
    height, width = size
    turn = 2 * np.pi * np.linspace(0, 1, count)
    zoom = 1 + (CLOSER - 1) * (1 - np.cos(turn)) / 2
    # It looks no further than the photograph goes.
    reach = np.minimum(AWAY, (1 - 1 / zoom) / 2)
    center_x = width * (0.5 + reach * np.sin(2 * turn))
    center_y = height * (0.5 - reach * np.cos(turn))
    matrices = np.zeros((count, 2, 3))
    matrices[:, 0, 0] = matrices[:, 1, 1] = zoom
    matrices[:, 0, 2] = width / 2 - zoom * center_x
    matrices[:, 1, 2] = height / 2 - zoom * center_y
    return matrices


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the video, MP4")
    parser.add_argument("--frames", type=int, default=75, help="25 a second (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.frames < 1:
        parser.error(f"--frames must be at least 1, got {arguments.frames}")
    photograph = read_image(arguments.photograph)
    # Video codecs want even sides.
    height, width = (side - side % 2 for side in photograph.shape[:2])
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("wb") as file:
        writer = VideoWriter(file, ".mp4", (height, width), None)
        for number, matrix in enumerate(windows(arguments.frames, (height, width))):
            frame = cv2.warpAffine(
                photograph, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
            )
            writer.write(frame.astype(np.uint8, copy=False), number)
        writer.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
