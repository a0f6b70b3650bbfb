"""Errors of result files."""

from __future__ import annotations

__all__ = [
    "EarlierResultsError",
    "OutputError",
    "OutputLostError",
    "ResultsError",
    "reason_of",
]


class ResultsError(ValueError):
    """A file of results is not what this program writes; the message says where and why."""


class OutputError(Exception):
    """A folder cannot take the results; nothing in it was changed."""


class EarlierResultsError(OutputError):
    """A folder holds the results of an earlier run, and nothing says what is to become of them."""


class OutputLostError(OutputError):
    """A folder could not take any more results after some had been written."""


def reason_of(error: OSError) -> str:
    """Give the system's words for an error, without the path, which the message has already."""
    return error.strerror or str(error)
