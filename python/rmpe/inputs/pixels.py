"""The pixels of an image that Pillow has opened: decoded, upright, as 8 bits of RGB.

Pillow decodes into memory of its own, 4 bytes a pixel at most. From there on the work is done in
bands of rows that fit a processor's cache, so that no conversion takes memory of the size of the
image.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile
    from PIL.TiffImagePlugin import TiffImageFile

    # Some rows of a stored image to the same of mode RGB or L.
    Convert = Callable[[Image.Image], Image.Image]

# 2 MiB in Pillow's memory.
_BAND_PIXELS = 1 << 19

_NO_RANGE = "pixels have no agreed range; save it with 8 or 16 bits, unsigned"
# Tags of TIFF and EXIF, and what the values mean that matter here.
_SUBFILE_TYPE, _BITS, _PHOTOMETRIC, _ORIENTATION = 254, 258, 262, 274
_SUB_IFDS, _SAMPLE_FORMAT = 330, 339
_REDUCED, _WHITE_IS_ZERO, _UNSIGNED = 1, 0, 1


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
        convert = _tiff_conversion(tiff)
        turn = _turn(tiff)  # Not later: loading forgets the file.
        # Pillow would turn the picture there, and fail on EXIF fields of odd types.
        tiff.load_end = lambda: None  # type: ignore[method-assign]
        tiff.load()
        return _assemble(tiff, convert, turn)
    if image.tile and image.tile[0][0] == "ppm" and image.mode in ("L", "I", "RGB"):
        return _decode_pnm(image, contents)
    convert = _conversion(image)
    low = _low_bytes(image, contents)
    image.load()
    turn = _turn(image)  # Not sooner: in PNG files EXIF may come after the pixels.
    if low is not None:
        _add_alpha(image, low)
    return _assemble(image, convert, turn)


def _assemble(image: Image.Image, convert: Convert, turn: _Turn | None) -> npt.NDArray[np.uint8]:
    """Convert a loaded image band by band into an array that is upright."""
    from PIL import Image

    width, height = image.im.size  # Where Pillow knows of a turn, image.size is that after it.
    shape = (width, height, 3) if turn is not None and turn.transposed else (height, width, 3)
    upright = np.empty(shape, np.uint8)
    step = max(1, _BAND_PIXELS // width)
    for top in range(0, height, step):
        bottom = min(top + step, height)
        whole = (width, bottom) == image.size
        band = convert(image if whole and top == 0 else image.crop((0, top, width, bottom)))
        if turn is None:
            place = upright[top:bottom]
        else:
            # Pillow turns pixels of 4 bytes faster than numpy copies reversed ones of 3.
            band = band.transpose(Image.Transpose[turn.method])
            place = turn.upright(turn.stored(upright)[top:bottom])
        # Pillow repeats grey faster than numpy does.
        place[...] = np.asarray(band if band.mode == "RGB" else band.convert("RGB"))
    return upright


def _turn(image: ImageFile) -> _Turn | None:
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # A damaged EXIF block says nothing about the pixels.
        return None


def _conversion(image: ImageFile) -> Convert:
    """Choose how bands of an image become 8 bits of RGB or grey."""
    color = image.info.get("transparency") if image.format == "PNG" else None
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        return _upper_bits(16, color=color)
    if image.mode in ("I", "F"):
        raise ValueError(f"32-bit {_NO_RANGE}")
    if color is not None and image.mode in ("L", "RGB"):
        # The file tells it with the bits of its samples; the pixels are scaled to 8.
        rawmode = image.tile[0][3]
        if rawmode in ("L;2", "L;4"):
            most = 2 ** int(rawmode[-1]) - 1
            return _without((color & most) * 255 // most)
        if rawmode != _DEEP_RGB:
            return _without(np.bitwise_and(color, 255))
    return _flatten


def _flatten(band: Image.Image) -> Image.Image:
    """Put what is transparent over white."""
    from PIL import Image

    if band.mode == "La":  # From here Pillow knows no other way.
        band = band.convert("LA")
    if band.has_transparency_data:
        band = band.convert("RGBA")
        band = Image.alpha_composite(Image.new("RGBA", band.size, "white"), band)
    return band if band.mode in ("L", "RGB") else band.convert("RGB")


def _without(color: Any) -> Convert:
    """Make one color white."""
    from PIL import Image

    def convert(band: Image.Image) -> Image.Image:
        pixels = np.array(band)
        pixels[np.equal(pixels, color).reshape(*pixels.shape[:2], -1).all(axis=2)] = 255
        return Image.fromarray(pixels)

    return convert


def _upper_bits(bits: int, *, color: int | None = None, inverted: bool = False) -> Convert:
    """Keep the upper 8 of `bits` bits of grey; `color` is transparent, 0 is white if inverted."""
    from PIL import Image

    def convert(band: Image.Image) -> Image.Image:
        samples = np.asarray(band)
        grey = (samples >> (bits - 8)).astype(np.uint8)
        if inverted:
            grey = 255 - grey
        if color is not None:
            grey[samples == color] = 255
        return Image.fromarray(grey)

    return convert


# Pillow's name for color of 16 bits, of which it takes the upper byte, and that for the lower.
_DEEP_RGB, _DEEP_RGB_LOW = "RGB;16B", "RGB;16L"


def _low_bytes(image: ImageFile, contents: bytes) -> Image.Image | None:
    """Read the lower bytes of a 16-bit PNG file, in which a color of 16 bits is transparent."""
    from PIL import Image

    if image.format != "PNG" or "transparency" not in image.info or image.mode != "RGB":
        return None
    if image.tile[0][3] != _DEEP_RGB:
        return None
    low = Image.open(io.BytesIO(contents), formats=["PNG"])
    low.tile = [(*image.tile[0][:3], _DEEP_RGB_LOW)]  # type: ignore[list-item]
    low.load()
    return low


def _add_alpha(image: ImageFile, low: Image.Image) -> None:
    """Make the transparent color of 16 bits transparent, in an image of 8."""
    from PIL import Image

    color = np.array(image.info.pop("transparency"))
    alpha = Image.new("L", image.size)
    width, height = image.size
    step = max(1, _BAND_PIXELS // width)
    for top in range(0, height, step):
        box = (0, top, width, min(top + step, height))
        upper = np.asarray(image.crop(box)) == color >> 8
        lower = np.asarray(low.crop(box)) == color & 255
        visible = ~(upper & lower).all(axis=2)
        alpha.paste(Image.fromarray(visible.astype(np.uint8) * 255), box)
    image.putalpha(alpha)


def _decode_pnm(image: ImageFile, contents: bytes) -> npt.NDArray[np.uint8]:
    """Decode samples of 0..n, n not 255 or 65535: Pillow takes a second for a megapixel of them."""
    _, _, offset, (_, most) = cast("tuple[str, Any, int, tuple[str, int]]", image.tile[0])
    levels = np.arange(most + 1)
    # The upper 8 bits of more, as in files of other formats.
    levels = levels * 256 // (most + 1) if most > 255 else (levels * 255 + most // 2) // most
    levels = levels.astype(np.uint8)
    shape = (image.height, image.width, 3 if image.mode == "RGB" else 1)
    dtype = np.dtype(">u2" if most > 255 else "u1")
    if len(contents) - offset < math.prod(shape) * dtype.itemsize:
        raise ValueError("image file is truncated")
    samples = np.frombuffer(contents, dtype, math.prod(shape), offset).reshape(shape)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    step = max(1, _BAND_PIXELS // image.width)
    for top in range(0, image.height, step):
        pixels[top : top + step] = levels[np.minimum(samples[top : top + step], most)]
    return pixels


def _tiff_conversion(image: TiffImageFile) -> Convert:
    """Choose the conversion, or refuse what has no agreed range or is not the photograph."""
    if set(_tag(image, _SAMPLE_FORMAT, (_UNSIGNED,))) != {_UNSIGNED}:
        raise ValueError(f"signed and floating-point {_NO_RANGE}")
    others = image.tag_v2.next != 0 or _SUB_IFDS in image.tag_v2
    if others and _tag(image, _SUBFILE_TYPE, 0) & _REDUCED:
        raise ValueError("its first picture is a small copy, as in raw photographs: develop it")
    strips = {tile[1] for tile in image.tile if tile[1] is not None}
    if sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in strips) < image.width * image.height:
        raise ValueError("image file is truncated: it lists fewer pixels than it says it has")
    if image.mode.startswith("I;16"):
        inverted = _tag(image, _PHOTOMETRIC, _WHITE_IS_ZERO) == _WHITE_IS_ZERO
        return _upper_bits(_tag(image, _BITS, (16,))[0], inverted=inverted)
    return _conversion(image)


def _tag(image: TiffImageFile, number: int, default: Any) -> Any:
    """Look up a tag that may be missing or of an odd type."""
    try:
        value = image.tag_v2.get(number, default)
    except Exception:
        return default
    return value if isinstance(value, type(default)) else default
