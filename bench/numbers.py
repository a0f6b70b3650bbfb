"""Numbers as the document of the benchmarks shows them."""

from __future__ import annotations

__all__ = ["amount", "duration", "factor"]


def amount(value: float, measure: str) -> str:
    """A value of a measure of `bench.pairs`."""
    if measure == "times as fast":
        return factor(value) + "x"
    return f"{value:+.2f} us" if measure == "us more" else duration(value)


def factor(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def duration(microseconds: float) -> str:
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:.3g} {unit}"
    return f"{microseconds:.3g} us"
