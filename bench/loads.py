"""What a measurement shares the processors with: busy programs, and limits of the system.

A limit is a control group of the system, made for the measurement, that this process is in
meanwhile: as in a container with ``--cpus 1.5``, its threads get so much of the processors' time
in each tenth of a second, and then wait for the next one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from rmpe_ext.control_groups import group_folders

__all__ = ["BUSY", "LIMITS", "LOADS", "LimitRefusedError", "busy", "limited"]

ENDLESS = "import os\nos.sched_setaffinity(0, {%d})\nwhile True: pass"
PERIOD = 100_000  # microseconds


class LimitRefusedError(Exception):
    """The system lets this process make no control group that limits processors' time."""


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that compute without end, each on a core of its own, or sharing one."""
    cores = os.cpu_count() or 1
    with ExitStack() as stack:
        for i in range(count):
            command = [sys.executable, "-c", ENDLESS % (i % cores)]
            process = stack.enter_context(subprocess.Popen(command))
            stack.callback(process.kill)
        if count:
            time.sleep(0.3)  # they have begun
        yield


@contextmanager
def limited(processors: float) -> Iterator[Path]:
    """This process, all its threads and what it starts, in a control group of limited time.

    Gives the folder of that group, which is gone in the end.

    Raises
    ------
    LimitRefusedError
        Where there are no such groups, or only the administrator may make them.
    """
    version, home = _own_group()
    parent = home if version == 1 else _nearest_that_limits(home)
    group = parent / f"rmpe-bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        raise LimitRefusedError(f"no control group can be made: {error}") from None
    try:
        quota = round(processors * PERIOD)
        if version == 2:
            (group / "cpu.max").write_text(f"{quota} {PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError as error:
        group.rmdir()
        raise LimitRefusedError(f"the control group cannot be used: {error}") from None
    try:
        yield group
    finally:
        (home / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()


def _own_group() -> tuple[int, Path]:
    """The version of control groups that limits processors, and the folder of this process's.

    Where both are there, the processors belong to version 1.
    """
    for version, folder in sorted(group_folders("cpu"), key=lambda found: found[0]):
        if (folder / "cgroup.procs").exists():
            return version, folder
    raise LimitRefusedError("the system shows no control groups of processors")


def _nearest_that_limits(folder: Path) -> Path:
    """The nearest group above whose parts can have limits of their own; version 2 alone has it."""
    for above in (folder, *folder.parents):
        control = above / "cgroup.subtree_control"
        if control.exists() and "cpu" in control.read_text().split():
            return above
    raise LimitRefusedError(f"no group above {folder} lets its parts have limits of processors")


_CORES = os.cpu_count() or 1
# Busy programs, by the name of the load; and processors that limits leave.
BUSY = {"none": 0, "one": 1, "one a core": _CORES, "two a core": 2 * _CORES}
LIMITS = {"1.5 CPUs": 1.5, "0.5 CPUs": 0.5}
LOADS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    **{name: partial(busy, count) for name, count in BUSY.items()},
    **{name: partial(limited, processors) for name, processors in LIMITS.items()},
}
