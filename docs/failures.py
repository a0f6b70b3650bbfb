"""Draws where the networks of the package fail, docs/failures.jpg: python docs/failures.py

The photographs are those of examples/photographs, in parts, turned, small or repeated. With a
folder, the drawings go there one by one, too, in full size.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from rmpe import PoseEstimator, read_image
from rmpe.outputs.contact_sheet import contact_sheet, thumbnail
from rmpe.outputs.drawing import draw
from rmpe.outputs.drawing_style import DrawingStyle

ROOT = Path(__file__).resolve().parents[1]
SIDE, COLUMNS = 240, 4

Pixels = npt.NDArray[np.uint8]


def part(x1: float, y1: float, x2: float, y2: float) -> Callable[[Pixels], Pixels]:
    """Cut out a part; the sides are those of the photograph, 0 to 1."""

    def cut(image: Pixels) -> Pixels:
        height, width = image.shape[:2]
        rows = slice(round(y1 * height), round(y2 * height))
        return image[rows, round(x1 * width) : round(x2 * width)]

    return cut


def small(scale: float) -> Callable[[Pixels], Pixels]:
    """Reduce, in the middle of a gray picture of the old size."""

    def reduce(image: Pixels) -> Pixels:
        height, width = image.shape[:2]
        size = round(width * scale), round(height * scale)
        ground = np.full_like(image, 128)
        top, left = (height - size[1]) // 2, (width - size[0]) // 2
        reduced = np.asarray(Image.fromarray(image).resize(size))
        ground[top : top + size[1], left : left + size[0]] = reduced
        return ground

    return reduce


def turned(quarters: int) -> Callable[[Pixels], Pixels]:
    """Turn to the left by so many right angles."""
    return lambda image: np.rot90(image, quarters)


def beside(step: float) -> Callable[[Pixels], Pixels]:
    """Lay the right part of the photograph over it again, further to the left: people overlap."""

    def repeat(image: Pixels) -> Pixels:
        width = image.shape[1]
        both = image.copy()
        shift = round(step * width)
        both[:, width // 2 - shift : width - shift] = image[:, width // 2 :]
        return both

    return repeat


def whole(image: Pixels) -> Pixels:
    """Leave it as it is."""
    return image


CASES: dict[str, tuple[str, Callable[[Pixels], Pixels]]] = {
    "a face alone": ("astronaut", part(0.2, 0, 0.75, 0.4)),
    "without a head": ("astronaut", part(0, 0.4, 1, 1)),
    "legs alone": ("basketball", part(0, 0.55, 0.5, 1)),
    "lying": ("astronaut", turned(1)),
    "upside down": ("basketball", turned(2)),
    "from the side": ("cameraman", whole),
    "from the other side": ("cameraman", lambda image: image[:, ::-1]),
    "from behind": ("basketball", part(0.35, 0, 1, 1)),
    "arms in front": ("basketball", part(0, 0.05, 0.4, 1)),
    "one behind another": ("basketball", beside(0.12)),
    "a third of the size": ("basketball", small(1 / 3)),
    "an eighth of the size": ("basketball", small(1 / 8)),
}


def main() -> None:
    """Run the networks on every case, and lay the drawings out on one picture."""
    estimator = PoseEstimator()
    drawings = []
    for name, (photograph, change) in CASES.items():
        image = np.ascontiguousarray(
            change(read_image(ROOT / f"examples/photographs/{photograph}.jpg"))
        )
        drawn = draw(image, estimator(image), DrawingStyle(numbers=False))
        drawings.append(drawn)
        for folder in sys.argv[1:]:
            Path(folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(drawn).save(Path(folder) / f"{name.replace(' ', '-')}.png")
    sheet = contact_sheet(
        [thumbnail(drawing, SIDE) for drawing in drawings], list(CASES), columns=COLUMNS, side=SIDE
    )
    Image.fromarray(sheet).save(ROOT / "docs/failures.jpg", quality=75)


if __name__ == "__main__":
    main()
