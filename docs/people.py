"""Draws the picture of the README, docs/people.jpg: python docs/people.py

The photographs are those of examples/photographs, the networks those of the package.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from rmpe import PoseEstimator, read_image
from rmpe.outputs.drawing import draw
from rmpe.outputs.drawing_style import DrawingStyle

ROOT = Path(__file__).resolve().parents[1]
HEIGHT = 512


def main() -> None:
    """Draw the people of each photograph, and write the drawings side by side."""
    estimator = PoseEstimator()
    drawings = []
    for path in sorted((ROOT / "examples/photographs").glob("*.jpg")):
        drawn = draw(read_image(path), estimator(path), DrawingStyle(numbers=False))
        image = Image.fromarray(drawn)
        width = round(image.width * HEIGHT / image.height)
        drawings.append(np.asarray(image.resize((width, HEIGHT))))
    Image.fromarray(np.hstack(drawings)).save(ROOT / "docs/people.jpg", quality=90)


if __name__ == "__main__":
    main()
