"""What the annotations of a configuration's sources hold, by their digests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from ..digest import digest_of

__all__ = ["annotation_digests"]


class _Source(Protocol):
    @property
    def annotations(self) -> str: ...


def annotation_digests(sources: Iterable[_Source], data: Path) -> dict[str, str]:
    """Tell the SHA-256 of each source's annotations, for `rmpe.training.task.Task.contents`.

    Raises
    ------
    OSError
        Where a file cannot be read.
    """
    return {
        f"annotation file of source {i}, {source.annotations}": "SHA-256 "
        f"{digest_of(data / source.annotations)}"
        for i, source in enumerate(sources, 1)
    }
