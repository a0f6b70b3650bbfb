"""The figures of all models as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .measure import Row

# Heading -> value of a row, and its digits.
COLUMNS: dict[str, tuple[Callable[[Row], float], int]] = {
    "AP": (lambda row: row.ap, 3),
    "mean OKS": (lambda row: row.oks, 3),
    "mean OKS, true boxes": (lambda row: row.true_oks, 3),
    "off center": (lambda row: row.off_center, 3),
    "off scale": (lambda row: row.off_scale, 3),
    "seconds": (lambda row: row.seconds, 2),
}


def print_tables(rows: list[Row]) -> None:
    """Print means with standard deviations over seeds, then every model."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(f"{row.variant}, {row.mode}", []).append(row)
    _print_row(["model, use of the transformer", "seeds", *COLUMNS])
    _print_row(["---", *["---:"] * (1 + len(COLUMNS))])
    for name, group in groups.items():
        _print_row([name, str(len(group)), *(_spread(group, *how) for how in COLUMNS.values())])
    print()
    _print_row(["model, seed, use of the transformer", *COLUMNS])
    _print_row(["---", *["---:"] * len(COLUMNS)])
    for row in rows:
        name = f"{row.variant}, {row.seed}, {row.mode}"
        _print_row([name, *(f"{value(row):.{digits}f}" for value, digits in COLUMNS.values())])


def _spread(rows: list[Row], value: Callable[[Row], float], digits: int) -> str:
    values = np.array([value(row) for row in rows])
    mean = f"{values.mean():.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ± {values.std(ddof=1):.{digits}f}"


def _print_row(cells: Iterable[str]) -> None:
    print("| " + " | ".join(cells) + " |")
