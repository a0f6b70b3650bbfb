"""What detectors and heads expect of a network, whichever library runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch

from ..errors import ModelError

__all__ = [
    "Network",
    "Shape",
    "as_tuple",
    "check_batch",
    "check_finite",
    "check_shapes",
    "run_in_calls",
]

# The shape of one item of a batch; None where any size will do.
Shape = tuple[int | None, ...]


class Network(Protocol):
    """A network with fixed shapes, for batches of any size.

    Attributes
    ----------
    device
        Where its input and outputs are.
    output_shapes
        Of one item, for each output: ``(17, 64, 48)`` for an output (N, 17, 64, 48).
    """

    device: torch.device
    output_shapes: tuple[tuple[int, ...], ...]

    def __call__(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Run float32 (N, 3, h, w), N = 0 included; each output has N in front."""
        ...


def as_tuple(outputs: Any) -> tuple[torch.Tensor, ...]:
    """Put a module's outputs, or its only one, into a tuple."""
    return (outputs,) if isinstance(outputs, torch.Tensor) else tuple(outputs)


def check_batch(batch: torch.Tensor, shape: tuple[int, ...], device: torch.device) -> None:
    """Raise unless ``batch`` is float32 (N, *shape) on the device."""
    want = f"(N, {', '.join(map(str, shape))})"
    if tuple(batch.shape[1:]) != shape:
        raise ValueError(f"batch must be {want}, got {tuple(batch.shape)}")
    if batch.dtype != torch.float32:
        raise TypeError(f"batch must be float32, got {batch.dtype}")
    if batch.device.type != device.type:
        raise ValueError(
            f"batch must be on the device of the network ({device}), got {batch.device}"
        )


def run_in_calls(
    run: Callable[[slice], object], count: int, size: int, shortage: type[Exception]
) -> int:
    """Run the items of a batch, ``size`` of them a call, and fewer where memory is short.

    Parameters
    ----------
    run : callable
        Makes one call, with the items of a slice.
    count : int
        Number of items.
    size : int
        Most items of one call.
    shortage : type of exception
        What `run` may raise for lack of memory: the items are run again, half as many a call. From
        a call with a single item it goes on to the caller.

    Returns
    -------
    int
        The size with which no call failed: ``size``, or less.
    """
    start = 0
    while start < count:
        stop = min(start + size, count)
        try:
            run(slice(start, stop))
        except shortage:
            if stop - start == 1:
                raise
            size = (stop - start) // 2
        else:
            start = stop
    return size


def check_shapes(source: str, found: Sequence[Shape], expected: Sequence[Shape]) -> None:
    """Raise ModelError unless the outputs of a network are as its card says.

    Parameters
    ----------
    source : str
        What the network was read from, for the message.
    found, expected : sequence of shapes
        Of one item of each output.
    """
    fits = len(found) == len(expected) and all(
        len(have) == len(want) and all(w is None or h == w for h, w in zip(have, want, strict=True))
        for have, want in zip(found, expected, strict=True)
    )
    if not fits:
        raise ModelError(
            f"{source}: the outputs must be {_describe(expected)} by the model card, "
            f"got {_describe(found)}"
        )


def check_finite(source: str, outputs: Sequence[torch.Tensor]) -> None:
    """Raise ModelError where a network makes NaN of a black image: its weights are damaged."""
    if any(output.isnan().any() for output in outputs):
        raise ModelError(f"{source}: the outputs for a black image must be numbers, got NaN")


def _describe(shapes: Sequence[Shape]) -> str:
    texts = [", ".join("?" if size is None else str(size) for size in shape) for shape in shapes]
    return " and ".join(f"(N, {text})" for text in texts)
