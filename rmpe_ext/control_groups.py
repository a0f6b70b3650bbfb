"""The control groups of Linux that a process is in: containers and services limit by them.

Importing this module does not import torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["group_folders"]


def group_folders(controller: str, root: Path = Path("/")) -> Iterator[tuple[int, Path]]:
    """Give the folders in which the kernel shows this process's control groups.

    Parameters
    ----------
    controller : str
        What the groups are limited in, such as ``"cpu"`` or ``"memory"``.
    root : pathlib.Path
        Where ``proc`` and ``sys`` are.

    Yields
    ------
    tuple of (int, pathlib.Path)
        The version of control groups, and the folder; of the process's own group first, then of
        those above it, whose limits hold too. There may be none, and folders that do not exist: in
        a container the path may be that outside of it.

    Examples
    --------
    >>> all(version in (1, 2) for version, folder in group_folders("cpu"))
    True
    """
    with suppress(OSError):  # It is not Linux.
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            if controllers == "":
                version, mount = 2, "sys/fs/cgroup"
            elif controller in controllers.split(","):
                version, mount = 1, f"sys/fs/cgroup/{controller}"
            else:
                continue
            names = group.strip("/").split("/") if group != "/" else []
            for depth in range(len(names), -1, -1):
                yield version, root.joinpath(mount, *names[:depth])
