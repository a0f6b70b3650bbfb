"""Calls of all ops by the thousand, with values of any kind: ``python -m tests.ops.random_calls``."""

from __future__ import annotations

import argparse
import collections
import faulthandler
import math
import random
import resource
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from tqdm import tqdm

import rmpe_ext
import rmpe_ext.numpy
from tests.numpy.cases import with_arrays
from tests.ops.cases import CASES, DTYPES, arguments

FRONTS = {"native": rmpe_ext, "numpy": rmpe_ext.numpy}
COUNTS = (0, 1, 2, 3, 7)
NUMBERS = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-45, 1e30, -1e30, 3.4e38, -1.0, 0.5)
INDICES = (-(2**62), -2, -1, 0, 1, 2, 2**31, 2**62)


def calls(seed: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Without end, always the same for a seed: a front, an op, and arguments for it."""
    chance = random.Random(seed)
    sound = {
        (op, count, dtype): arguments(op, count, dtype)
        for op in CASES
        for count in COUNTS
        for dtype in DTYPES
    }
    usual = {op: arguments(op) for op in CASES}
    while True:
        op, count, dtype = chance.choice(list(sound))
        passed = sound[op, count, dtype] | dict(chance.choice(CASES[op].variants))
        if chance.random() < 0.05:
            passed |= chance.choice(CASES[op].wrong)
        for name, value in passed.items():
            if isinstance(value, torch.Tensor):
                # Now and then one that fits no longer: of another number, or another dtype.
                fits = name not in usual[op] or chance.random() > 0.03
                passed[name] = changed(value if fits else usual[op][name], chance)
        yield chance.choice(list(FRONTS)), op, passed


def changed(tensor: torch.Tensor, chance: random.Random) -> torch.Tensor:
    """The tensor with odd values in some places, and perhaps other strides."""
    tensor = tensor.clone()
    if tensor.numel() and chance.random() < 0.5:
        flat = tensor.view(-1)
        numbers = NUMBERS
        if not tensor.is_floating_point():
            least, most = torch.iinfo(tensor.dtype).min, torch.iinfo(tensor.dtype).max
            numbers = tuple(index for index in INDICES if least <= index <= most)
        for _ in range(chance.choice((1, 1, 2, 5))):
            flat[chance.randrange(len(flat))] = chance.choice(numbers)
    kind = chance.randrange(4)
    if kind == 0 and tensor.dim() > 1:  # the last dimension outermost in memory
        return tensor.movedim(-1, 0).contiguous().movedim(0, -1)
    if kind == 1:  # every second one of a larger tensor
        return torch.stack([tensor, tensor], dim=-1)[..., 0]
    if kind == 2 and len(tensor):  # one item, repeated without memory of its own
        return tensor[:1].expand(tensor.shape)
    return tensor


def outcome(front: str, op: str, passed: dict[str, Any]) -> str:
    """Call an op; say whether it gave a result or refused, and raise where it did neither."""
    if front == "numpy":
        passed = with_arrays(passed)
    try:
        getattr(FRONTS[front], op)(**passed)
    except (TypeError, ValueError, IndexError) as error:
        assert str(error), repr(error)
        return "refused"
    return "result"


def main() -> None:
    """Call ops at random, and count what came of it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="calls (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for _, call in zip(tqdm(range(options.count), unit="call"), calls(options.seed), strict=False):
        faulthandler.dump_traceback_later(60, exit=True)  # A call that hangs.
        counts[call[1]][outcome(*call)] += 1
    faulthandler.cancel_dump_traceback_later()
    for op, counted in counts.items():
        print(f"{op:24} {dict(counted)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"all: {dict(sum(counts.values(), collections.Counter()))}, peak {peak} MiB")


if __name__ == "__main__":
    main()
