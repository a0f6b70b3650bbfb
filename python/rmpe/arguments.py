"""Arguments of functions: as they must be, or an error that names the argument and what came."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmpe_ext.validation.checks import show

if TYPE_CHECKING:
    import torch

__all__ = ["as_device", "as_path", "check_kind", "check_name", "path_text"]


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
