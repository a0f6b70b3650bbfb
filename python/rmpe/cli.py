"""The command line: ``rmpe COMMAND``; `COMMANDS` below names them all."""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from .commands import CommandError
from .commands._messages import say, say_lines, silence
from .terminal import printable

# Each is a module of `rmpe.commands`, in the order of the help.
COMMANDS = (
    "infer",
    "track",
    "smooth",
    "convert",
    "draw",
    "contact-sheet",
    "evaluate",
    "train",
    "label",
    "fit-proposals",
    "fit-nms",
    "models",
    "export",
    "doctor",
)

_PROGRAM = "rmpe"

DESCRIPTION = """\
Find the people in photographs and their body keypoints.

examples:
  rmpe infer photos/                    all images of a folder, with drawings
  rmpe infer street.jpg --out street    one image, results in the folder street
  rmpe models                           the networks, and whether their files are here
  rmpe doctor                           what is installed, for bug reports
"""

# The beginning of a word that no message quotes whole, such as a number of thousands of digits.
_LONG_WORD = re.compile(r"(\S{200})\S+")

EXIT_STATUS = """\
exit status: 0 all well; 1 something was skipped or failed, all else is done;
2 wrong usage, nothing was done; 129 hung up (SIGHUP), 130 interrupted (SIGINT),
143 terminated (SIGTERM).
"""


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line, without importing torch or OpenCV."""
    parser = _Parser(
        prog=_PROGRAM,
        description=DESCRIPTION,
        epilog=EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")
    for name in COMMANDS:
        command = importlib.import_module(f".commands.{name.replace('-', '_')}", __package__)
        subparser = subparsers.add_parser(
            name,
            help=command.SUMMARY,
            formatter_class=_HelpFormatter,
        )
        command.configure(subparser)
        subparser.set_defaults(run=command.run, prog=subparser.prog)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process when omitted.

    Returns
    -------
    int
        The exit status: 0 all well, 1 something was skipped or failed, 2 wrong usage or
        configuration, 129 hung up, 130 interrupted, 143 terminated.

    Raises
    ------
    SystemExit
        After ``--help`` and ``--version``, and with status 2 on arguments that do not parse.
    """
    program = _PROGRAM
    try:
        _occupy_standard_streams()
        if isinstance(sys.stdout, io.TextIOWrapper):
            # The name of a file may hold what the terminal cannot show.
            sys.stdout.reconfigure(errors="backslashreplace")
        arguments = build_parser().parse_args(argv)
        program = arguments.prog
        status: int = arguments.run(arguments)
        if sys.stdout is not None:
            # Here, where a reader that is gone can be noticed, and not when Python exits.
            sys.stdout.flush()
        return status
    except CommandError as error:
        for reason in error.reasons:
            say(f"{program}: error: {reason}")
        return error.status
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("rmpe", "rmpe_ext"):
            raise
        say(
            f"{program}: error: the package {error.name} is missing; "
            "install what the command line needs, in the folder of the sources: "
            "pip install '.[rmpe,train]'"
        )
        return 2
    except KeyboardInterrupt:
        say(f"{program}: interrupted")
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (`rmpe models | head`); keep the exit quiet too.
        silence(sys.stdout)
        return 1
    except OSError as error:
        # Or else it is no matter of where the output goes (`rmpe models > file`).
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) or say_lines([""], sys.stdout):
            raise
        say(f"{program}: error: the output cannot be written: {error.strerror}")
        return 1


def _occupy_standard_streams() -> None:
    """Have files opened under other numbers than 0, 1 and 2, also where these are closed.

    After ``rmpe infer photos 2>&-``, the first file that is opened would be number 2, and get
    whatever libraries write on the error stream in between its own bytes.
    """
    # An opened file gets the lowest free number.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


class _Parser(argparse.ArgumentParser):
    """Quote arguments in errors without their control characters, and no more than their beginning.

    An error of one argument is a line, as those that commands find are; others show the usage.
    What is printed raises where it cannot be written, which argparse passes over.
    """

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        # argparse takes the value of --threads=-- for a mark, and gives a list without anything.
        for word in sys.argv[1:] if args is None else args:
            if word.startswith("--") and word.endswith("=--"):
                self.error(f"argument {word[:-3]}: expected one argument, got --")
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        text = _LONG_WORD.sub(r"\1...", printable(message))
        if text.startswith("argument "):  # It names the option and the rule: no usage says more.
            self.exit(2, f"{self.prog}: error: {text}\n")
        super().error(text)

    def print_help(self, file: Any = None) -> None:
        print(self.format_help(), end="", file=file, flush=True)


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keep the line breaks of descriptions and of the help of arguments."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        wrap = super()._split_lines
        return [piece for line in text.splitlines() for piece in wrap(line, width)]


class _Version(argparse.Action):
    def __init__(self, **options: Any) -> None:
        super().__init__(nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from . import __version__

        print(f"rmpe {__version__}", flush=True)
        parser.exit()
