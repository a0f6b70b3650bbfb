"""Arguments of functions: as they must be, or an error that names the argument and what came."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from rmpe_ext.validation.checks import show

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

__all__ = [
    "as_device",
    "as_floats",
    "as_indices",
    "as_path",
    "check_image",
    "check_kind",
    "check_mask",
    "check_name",
    "check_texts",
    "path_text",
]

# Lengths of an array; text stands for any length, ... in front for any number of dimensions.
Shape = tuple[int | str | EllipsisType, ...]


def check_kind(name: str, value: Any, kind: type) -> None:
    """Raise TypeError unless an argument is of a class.

    Examples
    --------
    >>> check_kind("excerpt", 5, Path)
    Traceback (most recent call last):
    TypeError: excerpt must be a Path, got 5
    """
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise TypeError(f"{name} must be {article} {kind.__name__}, got {show(value)}")


def check_name(name: str, value: Any, known: Collection[str]) -> None:
    """Raise ValueError unless an argument is one of some names.

    Examples
    --------
    >>> check_name("channels", ["rgb"], ("rgb", "bgr"))
    Traceback (most recent call last):
    ValueError: channels must be one of rgb, bgr, got ['rgb']
    """
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {show(value)}")


def as_floats(name: str, value: Any, shape: Shape) -> npt.NDArray[np.float64]:
    """Give an array of real numbers as float64: raise TypeError or ValueError unless it is one.

    Examples
    --------
    >>> import numpy as np
    >>> as_floats("boxes", np.zeros((12, 5)), ("N", 4))
    Traceback (most recent call last):
    ValueError: boxes must be (N, 4), got (12, 5)
    """
    import numpy as np

    return _as_array(name, value, shape, "fiu", "real numbers").astype(np.float64, copy=False)


def as_indices(name: str, value: Any, shape: Shape) -> npt.NDArray[np.int64]:
    """Give an array of whole numbers as int64: raise TypeError or ValueError unless it is one."""
    import numpy as np

    array = _as_array(name, value, shape, "iu", "whole numbers")
    if array.size and int(array.max()) >= 2**63:
        raise ValueError(f"{name} must be below 2^63, got {array.max()}")
    return array.astype(np.int64, copy=False)


def check_mask(name: str, value: Any, count: int) -> None:
    """Raise TypeError or ValueError unless an argument says true or false of each of so many.

    Examples
    --------
    >>> import numpy as np
    >>> check_mask("keep", np.ones(3, bool), 2)
    Traceback (most recent call last):
    ValueError: keep must be (2,), got (3,)
    """
    _as_array(name, value, (count,), "b", "true or false")


def check_texts(name: str, texts: Any, count: int, each: str) -> None:
    """Raise TypeError or ValueError unless an argument is a sequence of text, one for each.

    Examples
    --------
    >>> check_texts("names", ["a"], 2, "picture")
    Traceback (most recent call last):
    ValueError: names must be 2, one for each picture, got 1
    """
    if (
        isinstance(texts, str)
        or not isinstance(texts, Sequence)
        or not all(isinstance(text, str) for text in texts)
    ):
        raise TypeError(f"{name} must be a sequence of text, got {show(texts)}")
    if len(texts) != count:
        raise ValueError(f"{name} must be {count}, one for each {each}, got {len(texts)}")


def check_image(name: str, image: Any) -> None:
    """Raise TypeError or ValueError unless an image is (H, W, 3) uint8, with at least a pixel."""
    import numpy as np

    check_kind(name, image, np.ndarray)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"{name} must be (H, W, 3) uint8, got {image.shape} {image.dtype}")


def _as_array(name: str, value: Any, shape: Shape, kinds: str, what: str) -> npt.NDArray[Any]:
    import numpy as np

    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array of {what}, got {show(value)}")
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a numpy array without a mask, got a masked array")
    if value.dtype.kind not in kinds:
        raise TypeError(f"{name} must hold {what}, got {value.dtype}")
    lengths = shape[1:] if shape[:1] == (...,) else shape
    ends = value.shape[value.ndim - len(lengths) :] if value.ndim >= len(lengths) else ()
    if (
        (len(lengths) == len(shape) and value.ndim != len(lengths))
        or len(ends) != len(lengths)
        or any(length not in (got, str(length)) for length, got in zip(lengths, ends, strict=True))
    ):
        rule = ", ".join("..." if length is ... else str(length) for length in shape)
        raise ValueError(f"{name} must be ({rule}{',' * (len(shape) == 1)}), got {value.shape}")
    return np.asarray(value)  # A matrix would multiply as matrices do.


def as_device(value: Any) -> torch.device:
    """Give a device of torch: raise ValueError where it is none."""
    import torch

    try:
        return torch.device(value)
    except (RuntimeError, TypeError, ValueError):
        raise ValueError(f"device must be cpu, cuda or cuda:N, got {show(value)}") from None


def path_text(name: str, value: Any) -> str:
    """Give a path as text: raise TypeError where it is none.

    Examples
    --------
    >>> path_text("path", Path("a") / "b"), path_text("path", b"a/b")
    ('a/b', 'a/b')
    """
    try:
        return os.fsdecode(value)
    except TypeError:
        raise TypeError(f"{name} must be a path, got {show(value)}") from None


def as_path(name: str, value: Any, unusable: type[Exception] | None = None) -> Path:
    """Give a path as a `pathlib.Path`.

    Parameters
    ----------
    name : str
        The argument.
    value : str, bytes or path-like
    unusable : type of exception, optional
        What is raised for a path that no file can have, for where nobody opens it at once.

    Raises
    ------
    TypeError
        It is no path.

    Examples
    --------
    >>> as_path("out", "a" + chr(0), ValueError)
    Traceback (most recent call last):
    ValueError: out must be a path that a file can have, got 'a\\x00'
    """
    text = path_text(name, value)
    if unusable is not None:
        try:
            usable = b"\0" not in os.fsencode(text)
        except UnicodeEncodeError:  # Half of a surrogate pair.
            usable = False
        if not usable:
            raise unusable(f"{name} must be a path that a file can have, got {show(text)}")
    return Path(text)
