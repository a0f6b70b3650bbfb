"""The subcommands of `rmpe`, one module each.

A module offers ``SUMMARY`` (one line for ``rmpe --help``), ``configure(parser)``, which describes
the arguments, and ``run(arguments) -> int``, which does the work and returns the exit status.
Only ``run`` imports what is slow to import.
"""

from __future__ import annotations


class CommandError(Exception):
    """What the user asked for cannot be done.

    Attributes
    ----------
    reasons : tuple of str
        Printed as a line each. The name of a file in one may hold the end of a line, which does
        not begin another.
    status : int
        The exit status: 2 where nothing was done, 1 where something was.
    """

    def __init__(self, *reasons: str, status: int = 2) -> None:
        super().__init__("\n".join(reasons))
        self.reasons, self.status = reasons, status
