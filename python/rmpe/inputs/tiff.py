"""What Pillow gets wrong about TIFF files, mended or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .conversions import NO_RANGE, Convert, flatten, upper_bits

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

__all__ = ["tiff_conversion"]

# Tags, and what their values mean that matter here.
_SUBFILE_TYPE, _BITS, _PHOTOMETRIC = 254, 258, 262
_PLANES, _SUB_IFDS, _SAMPLE_FORMAT = 284, 330, 339
_REDUCED, _WHITE_IS_ZERO, _SEPARATE, _UNSIGNED = 1, 0, 2, 1


def tiff_conversion(image: TiffImageFile) -> Convert:
    """Choose how bands of an opened image become 8 bits of RGB or gray.

    Raises
    ------
    ValueError
        Its pixels have no agreed range, some are missing, or they are not the photograph.
    """
    if set(_tag(image, _SAMPLE_FORMAT, (_UNSIGNED,))) != {_UNSIGNED}:
        raise ValueError(f"signed and floating-point {NO_RANGE}")
    if image.mode in ("I", "F"):
        raise ValueError(f"32-bit {NO_RANGE}")
    others = image.tag_v2.next != 0 or _SUB_IFDS in image.tag_v2
    if others and _tag(image, _SUBFILE_TYPE, 0) & _REDUCED:
        raise ValueError("its first picture is a small copy, as in raw photographs: develop it")
    bits = _tag(image, _BITS, (1,))[0]
    _check_strips(image)
    if _tag(image, _PLANES, 1) == _SEPARATE:
        _mend_planes(image, bits)
    if image.mode.startswith("I;16"):
        inverted = _tag(image, _PHOTOMETRIC, _WHITE_IS_ZERO) == _WHITE_IS_ZERO
        return upper_bits(bits, inverted=inverted)
    return flatten


def _check_strips(image: TiffImageFile) -> None:
    """Pillow leaves pixels black that no strip or tile of an uncompressed file has."""
    if any(tile.codec_name == "libtiff" for tile in image.tile):
        return
    planes = len(image.getbands()) if _tag(image, _PLANES, 1) == _SEPARATE else 1
    boxes = [tile.extents for tile in image.tile if tile.extents is not None]
    pixels = sum((right - left) * (lower - upper) for left, upper, right, lower in boxes)
    if pixels < planes * image.width * image.height:
        raise ValueError("image file is truncated: it has fewer strips or tiles than it needs")


def _mend_planes(image: TiffImageFile, bits: int) -> None:
    """Read each color of 16 bits as such, where they are apart: Pillow takes them for 8 bits."""
    if image.mode in ("LA", "La", "PA"):
        raise ValueError("gray and transparency that are stored apart are not read")
    if bits == 16:
        order = "L" if image.tag_v2.prefix == b"II" else "B"
        image.tile = [
            tile._replace(args=(f"{tile.args[0]};16{order}", *tile.args[1:]))
            if tile.codec_name == "raw" and isinstance(tile.args, tuple)
            else tile
            for tile in image.tile
        ]


def _tag(image: TiffImageFile, number: int, default: Any) -> Any:
    """Look up a tag that may be missing or of an odd type."""
    try:
        value = image.tag_v2.get(number, default)
    except Exception:
        return default
    return value if isinstance(value, type(default)) else default
