"""``rmpe doctor``: what is installed, and what it can use."""

from __future__ import annotations

import argparse
import json

SUMMARY = "show versions, native kernels, CPU and CUDA devices"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = """\
Show what is installed and what it can use: the versions of the packages, whether the
native kernels of rmpe_ext are loaded (and if not, why), the CPU and the CUDA devices.
Put its output in bug reports. Always exits with status 0.

example:
  rmpe doctor --json"""
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")


def run(arguments: argparse.Namespace) -> int:
    """Print the report."""
    from ..doctor import diagnose, format_report

    report = diagnose()
    print(json.dumps(report, indent=2) if arguments.json else format_report(report))
    return 0
