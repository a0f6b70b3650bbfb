"""The subcommands of `rmpe`, one module each.

A module offers ``SUMMARY`` (one line for ``rmpe --help``), ``configure(parser)``, which describes
the arguments, and ``run(arguments) -> int``, which does the work and returns the exit status.
Only ``run`` imports what is slow to import.
"""

from __future__ import annotations


class CommandError(Exception):
    """What the user asked for cannot be done; each line of the message is one reason.

    Attributes
    ----------
    status : int
        The exit status: 2 where nothing was done, 1 where something was.
    """

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status
