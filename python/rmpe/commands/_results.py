"""What the commands share that make results of results: arguments, and errors."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import CommandError

__all__ = ["add_results", "results_errors"]


def add_results(parser: argparse.ArgumentParser) -> None:
    """Add the results that are read, and where new ones go."""
    parser.add_argument("results", type=Path, help="folder of results, with results.jsonl")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new results")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace earlier results in the folder"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")


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
        raise CommandError(str(error), status) from None
    except ResultsError as error:
        raise CommandError(str(error)) from None
