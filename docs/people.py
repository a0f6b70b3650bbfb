"""Draws the picture of the README, docs/people.jpg: python docs/people.py MODELS

MODELS is the folder of the networks' files. The photographs are those of examples/photographs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from rmpe import PoseEstimator, read_image
from rmpe.outputs.drawing import draw
from rmpe.outputs.drawing_style import DrawingStyle

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Draw the people of each photograph, and write the drawings side by side."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    estimator = PoseEstimator(models_dir=sys.argv[1])
    drawings = [
        draw(read_image(path), estimator(path), DrawingStyle(numbers=False))
        for path in sorted((ROOT / "examples/photographs").glob("*.jpg"))
    ]
    Image.fromarray(np.hstack(drawings)).save(ROOT / "docs/people.jpg", quality=90)


if __name__ == "__main__":
    main()
