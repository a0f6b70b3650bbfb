"""A group: one op on one input, and the implementations that are compared on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import cv2
import pytest
import torch

import rmpe_ext
from rmpe_ext import reference

__all__ = ["NATIVE", "Group", "each_run", "one_thread", "ours", "settle", "threads"]

NATIVE = "native"
# Seconds. The threads of GCC's OpenMP, PyTorch's, spin for some 5 ms after their last call.
SETTLE = 1e-2


@dataclass(frozen=True)
class Group:
    """Implementations of one op, to be compared on one input.

    Attributes
    ----------
    name
        The op, the size of the input, and what else tells this group from others.
    inputs
        Makes the input; the same at every call.
    runs
        ``run(*inputs)`` by the name of the implementation.
    threads
        That torch and OpenCV may use.
    """

    name: str
    inputs: Callable[[], tuple]
    runs: Mapping[str, Callable[..., Any]]
    threads: int = 2


def ours(call: Callable[..., Any], *, compiled: bool = False) -> dict[str, Callable[..., Any]]:
    """``call(module, *inputs)`` with the native ops and with the pure-PyTorch ones.

    ``compiled`` adds the latter under ``torch.compile``, which takes from 10 seconds to minutes.
    """
    runs = {
        NATIVE: lambda *inputs: call(rmpe_ext, *inputs),
        "reference": lambda *inputs: call(reference, *inputs),
    }
    if compiled:
        runs["compiled reference"] = torch.compile(lambda *inputs: call(reference, *inputs))
    return runs


def one_thread(group: Group) -> Group:
    """The group on one thread, without what has threads of its own."""
    runs = {run: call for run, call in group.runs.items() if "kornia_rs" not in run}
    return replace(group, name=f"{group.name}, 1 thread", runs=runs, threads=1)


def each_run(groups: Iterable[Group]) -> pytest.MarkDecorator:
    """The mark that runs a test with each ``run`` of each ``group``."""
    rows = [
        pytest.param(group, run, id=f"{group.name}: {run}")
        for group in groups
        for run in group.runs
    ]
    return pytest.mark.parametrize(("group", "run"), rows)


def settle(call: Callable[..., Any], inputs: tuple) -> None:
    """Call without timing, at least once, until what ran before uses neither cores nor caches."""
    end = time.perf_counter() + SETTLE
    call(*inputs)
    while time.perf_counter() < end:
        call(*inputs)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch and OpenCV use so many threads."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
