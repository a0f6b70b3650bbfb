"""How much memory is free: what the system has, and what the limits of control groups leave.

Importing this module, and asking about the CPU's memory, does not import torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rmpe_ext.control_groups import group_folders

if TYPE_CHECKING:
    import torch

__all__ = ["free_memory"]

_ROOT = Path("/")
# Of each version of control groups: its files for the limit and for what is used, and what
# memory.stat calls file contents that the kernel drops when memory is short.
_FILES = {
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: ("memory.max", "memory.current", "inactive_file"),
}


def free_memory(device: str | torch.device = "cpu") -> int | None:
    """Say how many bytes this process may still take.

    That is what the system has available, or less where a control group, such as a container's,
    has a limit; on a GPU, also what is free there.

    Parameters
    ----------
    device : str or torch.device
        The CPU or a GPU.

    Returns
    -------
    int or None
        The least of these; None where nothing says.

    Examples
    --------
    >>> free_memory() > 0
    True
    """
    found = [*_available(), *_left_in_groups()]
    if device != "cpu":
        import torch

        device = torch.device(device)
        if device.type == "cuda" and torch.cuda.is_available():
            found.append(torch.cuda.mem_get_info(device)[0])
    return max(0, min(found)) if found else None


def _available() -> Iterator[int]:
    with suppress(OSError):  # It is not Linux.
        for line in (_ROOT / "proc/meminfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                yield int(value.removesuffix("kB")) * 1024


def _left_in_groups() -> Iterator[int]:
    """What the limits of this process's control groups, and of those above them, leave."""
    for version, folder in group_folders("memory", _ROOT):
        limit, used, cache = _FILES[version]
        with suppress(OSError):  # The group at the top has no such files.
            most = (folder / limit).read_text().strip()
            if most != "max":
                statistics = dict(
                    line.split() for line in (folder / "memory.stat").read_text().splitlines()
                )
                taken = int((folder / used).read_text()) - int(statistics.get(cache, 0))
                yield int(most) - taken
