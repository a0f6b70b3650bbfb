"""The pixels of an image that Pillow has opened: decoded, upright, as 8 bits of RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from .conversions import NO_RANGE, Convert, bands, flatten, upper_bits
from .png import png_conversion, separate_transparent_color
from .pnm import decode_pnm, is_slow
from .tiff import tiff_conversion

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile
    from PIL.TiffImagePlugin import TiffImageFile

__all__ = ["to_rgb"]

# The tag of EXIF.
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class _Turn:
    """How a stored image becomes upright: its rows or columns reversed, then transposed."""

    method: str  # the same in PIL.Image.Transpose
    rows: int = 1
    columns: int = 1
    transposed: bool = False

    def upright(self, stored: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        flipped = stored[:: self.rows, :: self.columns]
        return flipped.swapaxes(0, 1) if self.transposed else flipped

    def stored(self, upright: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        flipped = upright.swapaxes(0, 1) if self.transposed else upright
        return flipped[:: self.rows, :: self.columns]


# By EXIF orientation; 1 is upright.
_TURNS = {
    2: _Turn("FLIP_LEFT_RIGHT", columns=-1),
    3: _Turn("ROTATE_180", rows=-1, columns=-1),
    4: _Turn("FLIP_TOP_BOTTOM", rows=-1),
    5: _Turn("TRANSPOSE", transposed=True),
    6: _Turn("ROTATE_270", rows=-1, transposed=True),
    7: _Turn("TRANSVERSE", rows=-1, columns=-1, transposed=True),
    8: _Turn("ROTATE_90", columns=-1, transposed=True),
}


def to_rgb(image: ImageFile, contents: bytes) -> npt.NDArray[np.uint8]:
    """Decode an image.

    Parameters
    ----------
    image : PIL.ImageFile.ImageFile
        Opened, not loaded.
    contents : bytes
        Of its file.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB, as `rmpe.read_image` describes it.

    Raises
    ------
    Exception
        ValueError for pixels that do not fit 8 bits; any other that Pillow raises.
    """
    if image.format == "TIFF":
        tiff = cast("TiffImageFile", image)
        convert = tiff_conversion(tiff)
        turn = _turn(tiff)  # Not later: loading forgets the file.
        # Pillow would turn the picture there, and fail on EXIF fields of odd types.
        tiff.load_end = lambda: None  # type: ignore[method-assign]
        tiff.load()
        return _assemble(tiff, convert, turn)
    if image.format == "PNG":
        convert = png_conversion(image)
        separate_transparent_color(image, contents)
    elif image.format == "PPM" and is_slow(image):
        return decode_pnm(image, contents)
    elif image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        raise ValueError(f"32-bit {NO_RANGE}")
    else:
        convert = upper_bits(16) if image.mode.startswith("I") else flatten
        image.load()
    turn = _turn(image)  # Not sooner: in PNG files EXIF may come after the pixels.
    return _assemble(image, convert, turn)


def _assemble(image: Image.Image, convert: Convert, turn: _Turn | None) -> npt.NDArray[np.uint8]:
    """Convert a loaded image band by band into an array that is upright."""
    from PIL import Image

    # As it is stored: of a TIFF file with a turn, image.size is that after it.
    width, height = image.im.size
    boxes = [(0, top, width, bottom) for top, bottom in bands(width, height)]
    if turn is None and len(boxes) == 1 and image.size == (width, height):
        return np.array(_rgb(convert(image)))
    shape = (width, height, 3) if turn is not None and turn.transposed else (height, width, 3)
    upright = np.empty(shape, np.uint8)
    for box in boxes:
        band = convert(image.crop(box))
        place = upright if turn is None else turn.stored(upright)
        place = place[box[1] : box[3]]
        if turn is not None:
            # Pillow turns pixels of 4 bytes faster than numpy copies reversed ones of 3.
            band = band.transpose(Image.Transpose[turn.method])
            place = turn.upright(place)
        place[...] = np.asarray(_rgb(band))
    return upright


def _rgb(band: Image.Image) -> Image.Image:
    # Pillow repeats gray faster than numpy does.
    return band if band.mode == "RGB" else band.convert("RGB")


def _turn(image: ImageFile) -> _Turn | None:
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # A damaged EXIF block says nothing about the pixels.
        return None
