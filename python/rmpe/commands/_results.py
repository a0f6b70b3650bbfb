"""What the commands share that make results of results: arguments, and errors."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from . import CommandError

__all__ = ["add_results", "parameters_of", "results_errors"]

Parameters = TypeVar("Parameters")


def add_results(
    parser: argparse.ArgumentParser, what: str = "folder of results, with results.jsonl"
) -> None:
    """Add the results that are read, and where new ones go."""
    parser.add_argument("results", type=Path, help=what)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the new results, made where missing",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the results of an earlier run in it"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")


def parameters_of(kind: Callable[..., Parameters], arguments: argparse.Namespace) -> Parameters:
    """Make a dataclass of parameters from the options that bear the names of its fields.

    Raises
    ------
    CommandError
        A value is not allowed; the message names the option.
    """
    described: Any = kind
    values = {field.name: getattr(arguments, field.name) for field in fields(described)}
    try:
        return kind(**values)
    except ValueError as error:  # Of a parameter, whose name the message begins with.
        name, _, rest = str(error).partition(" ")
        raise CommandError(f"--{name.replace('_', '-')} {rest}") from None


@contextmanager
def results_errors(out: Path) -> Iterator[None]:
    """Turn errors of results into those of a command.

    Raises
    ------
    CommandError
        Results cannot be read, or written to `out`.
    """
    from ..outputs.errors import EarlierResultsError, OutputError, OutputLostError, ResultsError

    try:
        yield
    except EarlierResultsError:
        raise CommandError(
            f"{out} holds earlier results: choose --overwrite to replace them, or another folder "
            "with --out"
        ) from None
    except OutputError as error:
        status = 1 if isinstance(error, OutputLostError) else 2
        raise CommandError(str(error), status=status) from None
    except ResultsError as error:
        raise CommandError(str(error)) from None
