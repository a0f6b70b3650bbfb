"""How many processors this process may keep busy.

Importing this module does not import torch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path

from .control_groups import group_folders

__all__ = ["usable_processors"]

_ROOT = Path("/")


def usable_processors() -> int:
    """Count the processors that this process may run on, as far as limits of its time let it.

    A control group, such as that of a container with ``--cpus 1.5``, gets so much time in each
    period of a tenth of a second. More threads use it up sooner, and then all of them wait for the
    next period. ``torch.get_num_threads()`` and ``os.cpu_count()`` do not know of these limits.

    Returns
    -------
    int
        At least 1. A limit of 1.5 processors counts as 2.

    Examples
    --------
    >>> usable_processors() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return max(1, min([count, *map(ceil, _limits())]))


def _limits() -> Iterator[float]:
    """The processors' time that each of this process's control groups gets."""
    for version, folder in group_folders("cpu", _ROOT):
        with suppress(OSError):  # The group at the top has no such files.
            if version == 2:
                quota, period = (folder / "cpu.max").read_text().split()
            else:
                quota = (folder / "cpu.cfs_quota_us").read_text().strip()
                period = (folder / "cpu.cfs_period_us").read_text()
            if quota not in ("max", "-1"):
                yield int(quota) / int(period)
