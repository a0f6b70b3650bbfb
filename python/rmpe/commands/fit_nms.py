"""``rmpe fit-nms``: fit pose NMS, and what it competes with, to annotated images."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..method.suppressions import PRESET_KINDS, SUPPRESSIONS
from ..terminal import printable
from . import CommandError
from ._cards import how_decoded, least_score
from ._fitted_poses import find_poses, measure, usable
from ._options import (
    add_method,
    add_networks,
    add_seed,
    check_kernels,
    check_outputs,
    explain,
    names_among,
    positive,
)

if TYPE_CHECKING:
    from ..datasets.dataset import Dataset
    from ..method.fit_nms import SuppressionFit
    from ..people import People

SUMMARY = "fit pose NMS to annotated images"

DESCRIPTION = """\
Choose the parameters of pose NMS so that the keypoint AP on annotated images is greatest, as the
RMPE paper does: two parameters at a time, the others fixed, repeated until nothing changes, from
several starts. Other kinds of suppression are fitted in the same way, so that they can be compared.

Prints for each kind the AP on the images that it was fitted to, and what the fit is worth on
others: by cross-validation, where each image is measured with parameters that were fitted to
others, or on images of their own with --held-out.

examples:
  rmpe fit-nms val.json images/ --out fitted.toml          pose NMS of the paper, and all others
  rmpe fit-nms val.json images/ --kinds paper --out fitted.toml --plot surface.png
  rmpe fit-nms train.json images/ --held-out val.json
  rmpe fit-nms val.json --results poses.json      poses of any program
  rmpe infer photos/ --nms fitted.toml
"""


class _Row(NamedTuple):
    """A line of the table."""

    fit: SuppressionFit
    validated: float  # AP on images that were not fitted to
    interval: tuple[float, float]  # which holds 95 % of its bootstrap values


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = DESCRIPTION
    parser.add_argument("annotations", type=Path, help="COCO keypoint annotations, JSON")
    parser.add_argument(
        "images",
        type=Path,
        nargs="?",
        help="their folder; not needed with --results; images that are not there, or cannot be "
        "read, are left out",
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="poses from a file of COCO keypoint results, JSON, before any suppression; the "
        "options of networks and method have no effect then (default: the networks')",
    )
    add_networks(parser)
    add_method(parser)
    fitting = parser.add_argument_group("fitting")
    fitting.add_argument(
        "--kinds",
        type=names_among(SUPPRESSIONS),
        default=list(SUPPRESSIONS),
        metavar="KIND[,KIND...]",
        help="what is fitted, of these (default: all)\n"
        + explain({name: row.summary for name, row in SUPPRESSIONS.items()}),
    )
    fitting.add_argument(
        "--starts", type=positive, default=4, metavar="N", help="of the search (default: 4)"
    )
    fitting.add_argument(
        "--folds",
        type=positive,
        default=5,
        metavar="N",
        help="parts of the cross-validation; 1: none (default: %(default)s)",
    )
    fitting.add_argument(
        "--held-out",
        type=Path,
        metavar="FILE",
        help="annotations of other images of the same folder, or with poses in the same results, "
        "to measure on in place of cross-validation (default: none)",
    )
    add_seed(fitting)
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the best of the kinds, a .toml file that --nms of `rmpe infer` and "
        "`rmpe evaluate` takes (default: none)",
    )
    output.add_argument(
        "--plot",
        type=Path,
        metavar="FILE",
        help="draw AP over the parameters, as PNG, SVG or PDF (default: none)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Fit, print the table, write the preset."""
    if arguments.out is not None and arguments.out.suffix != ".toml":
        raise CommandError(f"--out must end in .toml, got {arguments.out}")
    if arguments.results is None and arguments.images is None:
        raise CommandError("name the folder of the images, or a file of poses with --results")
    check_kernels()
    check_outputs(arguments.out, arguments.plot)

    from ..datasets import load_dataset

    try:
        # All is read before the networks run, which takes long.
        dataset = load_dataset(arguments.annotations, arguments.images)
        others = None
        if arguments.held_out is not None:
            others = load_dataset(arguments.held_out, arguments.images)
            _check_apart(dataset, others)
            others = usable(arguments, others)
        dataset = usable(arguments, dataset)
        if others is None and arguments.folds > len(dataset):
            raise CommandError(
                f"--folds must be at most the number of images, {len(dataset)}, "
                f"got {arguments.folds}"
            )
        people = find_poses(arguments, dataset)
        held_out = None if others is None else (others, find_poses(arguments, others))
        rows = _fit(arguments, dataset, people, held_out)
    except ValueError as error:
        raise CommandError(str(error)) from error

    heading = "cross-validated" if held_out is None else "held out"
    print(f"{'kind':<17}{'fitted':>8}{heading:>17}{'95 % interval':>16}  parameters")
    for kind, row in rows.items():
        parameters = ", ".join(f"{k} {v:.3g}" for k, v in row.fit.parameters.items())
        validated = interval = "-"
        if not math.isnan(row.validated):
            validated = f"{row.validated:.3f}"
            interval = "{:.3f} to {:.3f}".format(*row.interval)
        print(f"{kind:<17}{row.fit.ap:>8.3f}{validated:>17}{interval:>16}  {parameters}")
    if arguments.out is not None:
        _write(arguments, people, rows)
    if arguments.plot is not None:
        from ..method.plots import plot_surfaces

        shown = {kind: row.fit for kind, row in rows.items() if row.fit.surfaces}
        if not shown:
            print("no plot: no kind has two parameters", file=sys.stderr)
        else:
            plot_surfaces(shown, arguments.plot)
    return 0


def _check_apart(dataset: Dataset, others: Dataset) -> None:
    """Make sure that nothing is measured on images that were fitted to."""
    fitted = {path.resolve() for path in dataset.paths}
    shared = [path for path in others.paths if path.resolve() in fitted]
    if shared:
        raise CommandError(
            f"--held-out must have images of its own, got {len(shared)} that are in "
            f"{dataset.annotations}, too: {shared[0].name}" + (", ..." if len(shared) > 1 else "")
        )


def _fit(
    arguments: argparse.Namespace,
    dataset: Dataset,
    people: People,
    held_out: tuple[Dataset, People] | None,
) -> dict[str, _Row]:
    from tqdm import tqdm

    from ..method.fit_nms import cross_validate, fit_suppression
    from ..metrics.predictions import Predictions

    rows, settings, start = {}, 0, time.process_time()

    def count(more: int) -> None:
        nonlocal settings
        settings += more
        bar.update(more)

    with tqdm(desc="fit", unit="setting", disable=None) as bar:
        for kind in arguments.kinds:
            bar.set_postfix_str(kind)
            suppression = SUPPRESSIONS[kind]
            search: dict[str, Any] = {
                "starts": arguments.starts,
                "seed": arguments.seed,
                "progress": count,
            }
            fit = fit_suppression(suppression, people, dataset, **search)
            measured = math.nan, (math.nan, math.nan)
            if held_out is not None:
                others, found = held_out
                keep, changed = suppression.apply(found, fit.parameters)
                kept = Predictions.from_people(changed.select(keep))
                measured = measure(arguments, others, kept)
            elif arguments.folds > 1:
                kept = cross_validate(suppression, people, dataset, folds=arguments.folds, **search)
                measured = measure(arguments, dataset, kept)
            rows[kind] = _Row(fit, *measured)
    seconds = time.process_time() - start
    print(f"{settings:,} settings measured in {seconds:.1f} s of processor time")
    return rows


def _write(arguments: argparse.Namespace, people: People, rows: dict[str, _Row]) -> None:
    """Write the kind with the highest AP, on others' images where that is known."""
    from ..method.fitted_suppression import FittedSuppression
    from ..method.preset_file import write_preset
    from ..method.suppressions import preset_of

    def worth(kind: str) -> float:
        row = rows[kind]
        return row.fit.ap if math.isnan(row.validated) else row.validated

    kind = max(rows, key=worth)
    parameters, joints = rows[kind].fit.parameters, len(people.skeleton)
    preset = (
        preset_of(kind, parameters, joints)
        if kind in PRESET_KINDS
        else FittedSuppression(kind, parameters)
    )
    if arguments.held_out is not None:
        measured = f"on {arguments.held_out.name}"
    elif math.isnan(rows[kind].validated):
        measured = "on the images fitted to"
    else:
        measured = f"by cross-validation in {arguments.folds} parts"
    try:
        write_preset(
            arguments.out,
            preset,
            [
                f"fitted by rmpe fit-nms to {arguments.annotations.name}: {kind}, "
                f"AP {worth(kind):.3f} {measured}",
                f"{arguments.starts} starts, seed {arguments.seed}",
                *_origin(arguments, f"{joints} keypoints ({people.skeleton.name})"),
            ],
        )
    except OSError as error:
        raise CommandError(f"cannot write {arguments.out}: {error.strerror}", status=1) from None
    print(f"wrote {kind} to {printable(arguments.out)}")


def _origin(arguments: argparse.Namespace, keypoints: str) -> list[str]:
    """Say where the poses came from."""
    if arguments.results is not None:
        return [f"poses of {arguments.results.name}, {keypoints}"]
    return [
        f"detector {arguments.detector}, least score "
        f"{least_score(arguments.detector, arguments.threshold):g}",
        f"pose network {arguments.pose}, {keypoints}",
        how_decoded(arguments),
    ]
