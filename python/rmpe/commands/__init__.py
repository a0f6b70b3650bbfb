"""The subcommands of `rmpe`, one module each.

A module offers ``SUMMARY`` (one line for ``rmpe --help``), ``configure(parser)``, which describes
the arguments, and ``run(arguments) -> int``, which does the work and returns the exit status.
Only ``run`` imports what is slow to import.
"""

from __future__ import annotations


class CommandError(Exception):
    """What the user asked for cannot be done; each line of the message is one reason."""
