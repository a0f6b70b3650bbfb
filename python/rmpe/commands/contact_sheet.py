"""``rmpe contact-sheet``: many pictures on one."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import CommandError
from ._messages import say, say_lines
from ._options import positive
from ._progress import progress_bar

SUMMARY = "put many pictures on one, each with its name"

DESCRIPTION = """\
Put pictures on one, in rows, each with its name: to look at all drawings of a run at once. A
picture that cannot be read is left out, and said.

examples:
  rmpe infer photos/ --out results
  rmpe contact-sheet results/drawings --out sheet.jpg
  rmpe contact-sheet a.jpg b.jpg c.jpg --out three.png --columns 3 --side 640"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = DESCRIPTION
    parser.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help="image, folder, or quoted pattern such as 'drawings/*.jpg'",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="new picture: .jpg or .png"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a file that is there already"
    )
    parser.add_argument(
        "--columns", type=positive, default=4, metavar="N",
        help="pictures in a row (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--side", type=positive, default=320, metavar="PIXELS",
        help="longer side of each, in pixels; larger ones are reduced (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")


def run(arguments: argparse.Namespace) -> int:
    """Read, lay out and write."""
    import cv2

    from ..inputs.find import find_images
    from ..inputs.images import ImageError, read_image
    from ..output_file import check_output, write_output
    from ..outputs.contact_sheet import contact_sheet, thumbnail

    out: Path = arguments.out
    if out.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise CommandError(f"--out must end in .jpg or .png, got {out}")
    if os.path.exists(out) and not arguments.overwrite:
        raise CommandError(f"{out} is there already: choose --overwrite to replace it")
    try:
        check_output(out)
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror or error}") from None
    problems: list[str] = []
    try:
        paths = find_images(arguments.pictures, report=problems.append)
    except ImageError as error:
        raise CommandError(*str(error).split("\n")) from None
    # An earlier sheet is no picture of its folder.
    paths = [path for path in paths if not (out.exists() and path.samefile(out))]
    pictures, names = [], []
    with progress_bar(quiet=arguments.quiet)("picture", len(paths)) as advance:
        for path in paths:
            try:
                pictures.append(thumbnail(read_image(path), arguments.side))
                names.append(path.name)
            except ImageError as error:
                problems.append(f"skipped: {error}")
            advance(1)
    for problem in problems:
        say(f"{arguments.prog}: {problem}")
    if not pictures:
        raise CommandError("there is no picture that can be read")
    try:
        sheet = contact_sheet(pictures, names, columns=arguments.columns, side=arguments.side)
    except ValueError as error:
        raise CommandError(str(error)) from None
    try:
        _, content = cv2.imencode(out.suffix.lower(), sheet[:, :, ::-1])
        write_output(out, content.tobytes())
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror or error}") from None
    if not arguments.quiet:
        said = say_lines([f"pictures  {len(pictures)}", f"sheet     {out}"], sys.stdout)
        return 1 if problems or not said else 0
    return 1 if problems else 0
