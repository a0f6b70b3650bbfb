"""What the subcommands that run networks share: their options, and the estimator these describe."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmpe_ext.conventions import CONVENTIONS
from rmpe_ext.presets import PRESETS
from rmpe_ext.processors import usable_processors

from ..class_names import PERSON
from ..method.modes import STN
from ..models import DEFAULT_DETECTOR, DEFAULT_POSE
from ..outputs import DEFAULT_FORMATS, RESULT_FORMATS
from . import CommandError
from ._cards import MODELS_HELP
from ._runtime import add_runtime, chosen_options, resolve_runtime

if TYPE_CHECKING:
    from ..memory import BatchLimits
    from ..pipeline import PoseEstimator

NMS: dict[str, str] = {
    "none": "all are kept",
    **{name: preset.summary for name, preset in PRESETS.items()},
}

# More than any machine has processors; each takes memory.
_MOST_THREADS = 1024
# Of whole numbers, as all functions take them.
_LARGEST = 2**63 - 1


def add_networks(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the networks, and how they run."""
    networks = parser.add_argument_group("networks")
    networks.add_argument(
        "--detector",
        default=DEFAULT_DETECTOR,
        metavar="NAME",
        help="network that finds people: a name from `rmpe models`, or a card.toml of your own "
        "(default: %(default)s)",
    )
    networks.add_argument(
        "--classes",
        default=PERSON,
        metavar="NAME[,NAME...]",
        help="what the detector looks for, among what it knows: the pose network gets all of these "
        "boxes (default: %(default)s)",
    )
    networks.add_argument(
        "--pose",
        default=DEFAULT_POSE,
        metavar="NAME",
        help="network that finds keypoints, likewise (default: %(default)s)",
    )
    networks.add_argument(
        "--models",
        metavar="DIR",
        help=f"{MODELS_HELP}; files that are missing are downloaded, if their card has a URL",
    )
    add_runtime(networks)
    networks.add_argument(
        "--batch-size",
        type=_positive_or_auto,
        default="auto",
        metavar="N",
        help="most images that go through the networks together, or auto: as many as the free "
        "memory lets, up to where more bring nothing; large ones go in smaller batches "
        "(default: %(default)s)",
    )
    networks.add_argument(
        "--threads",
        type=_threads,
        metavar="N",
        help="CPU threads of the computation (default: torch's choice, but no more than a "
        "container's limit of processors lets run)",
    )


def add_method(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the options of the method but ``--nms``, and return their group."""
    method = parser.add_argument_group("method")
    method.add_argument(
        "--threshold",
        type=fraction,
        metavar="SCORE",
        help="least score, 0 to 1, of a detected person (default: the detector's own)",
    )
    method.add_argument(
        "--flip",
        action="store_true",
        help="average with the mirrored image: a little more accurate, twice the pose network's "
        "time (default: off)",
    )
    method.add_argument(
        "--convention",
        choices=tuple(CONVENTIONS),
        help="how keypoints are read off heatmaps (default: the pose network's own)\n"
        + explain({name: row.summary for name, row in CONVENTIONS.items()}),
    )
    add_stn(method)
    return method


def add_stn(parser: argparse._ActionsContainer) -> None:
    """Add how the spatial transformer is used."""
    parser.add_argument(
        "--stn",
        choices=tuple(STN),
        default="compose",
        help="how the spatial transformer of a pose network that has one is used "
        "(default: %(default)s)\n" + explain(STN),
    )


def add_seed(parser: argparse._ActionsContainer) -> None:
    """Add the seed of what is drawn at random."""
    parser.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="of the random numbers (default: %(default)s)",
    )


def build_estimator(arguments: argparse.Namespace, *, nms: str | None) -> PoseEstimator:
    """Load the networks that the options name; the estimator's timer fits the device.

    Raises
    ------
    CommandError
        A name, a file or the device is not there, or a file is not what its card says.
    """
    from ._cards import find_card

    cards = [find_card(arguments.detector, "detector"), find_card(arguments.pose, "pose")]
    check_kernels()

    import torch

    from ..pipeline import PoseEstimator

    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    elif "OMP_NUM_THREADS" not in os.environ:
        # torch knows of no limit of a control group, where more threads only wait more.
        torch.set_num_threads(min(torch.get_num_threads(), usable_processors()))
    device = resolve_runtime(arguments, cards)
    try:
        return PoseEstimator(
            arguments.detector,
            arguments.pose,
            classes=[name.strip() for name in arguments.classes.split(",")],
            device=device,
            models_dir=arguments.models,
            **chosen_options(arguments),
            nms=nms,
            flip=arguments.flip,
            convention=arguments.convention,
            threshold=arguments.threshold,
            stn=arguments.stn,
        )
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from None


def batch_limits(arguments: argparse.Namespace, estimator: PoseEstimator) -> BatchLimits:
    """Say what goes through the networks together, as ``--batch-size`` has it."""
    from ..memory import BatchLimits, choose_batch

    if arguments.batch_size is None:
        return choose_batch(estimator.device)
    return BatchLimits(arguments.batch_size)


def check_kernels() -> None:
    """Make sure that the kernels of rmpe_ext are there as ``RMPE_EXT_BACKEND`` demands.

    Raises
    ------
    CommandError
        They are not.
    """
    from rmpe_ext import backend

    try:
        backend()
    except (ImportError, ValueError) as error:
        raise CommandError(str(error)) from None


def check_outputs(out: Path | None, plot: Path | None) -> None:
    """Make sure that a file and a picture can be written, before the work that they tell of.

    Raises
    ------
    CommandError
        They cannot.
    """
    from ..output_file import check_output

    try:
        if out is not None:
            check_output(out)
        if plot is not None:
            from ..method.plots import check_plot

            check_plot(plot)
    except OSError as error:
        raise CommandError(f"cannot write {error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise CommandError(f"--plot: {error}") from None


def add_formats(parser: argparse._ActionsContainer) -> None:
    """Add the option that chooses the result files."""
    parser.add_argument(
        "--formats",
        type=names_among(RESULT_FORMATS),
        default=list(DEFAULT_FORMATS),
        metavar="LIST",
        help=f"result files, separated by commas, of: {', '.join(RESULT_FORMATS)} "
        f"(default: {','.join(DEFAULT_FORMATS)})",
    )


def explain(choices: Mapping[Any, str]) -> str:
    """Put each choice and its explanation on a line."""
    return "\n".join(f"{name}: {explanation}" for name, explanation in choices.items())


def fraction(text: str) -> float:
    """Parse a number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, got {text}")
    return number


def nms_name(text: str) -> str:
    """Parse a key of `NMS`, or the path of a file with a preset."""
    if text not in NMS and not text.endswith(".toml"):
        raise argparse.ArgumentTypeError(
            f"must be one of {', '.join(NMS)}, or a .toml file of `rmpe fit-nms`, got {text}"
        )
    return text


def names_among(known: Collection[str], *, files: bool = False) -> Callable[[str], list[str]]:
    """Make a parser of names separated by commas, each listed once; or also of .toml files."""

    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        for name in names:
            if name not in known and not (files and name.endswith(".toml")):
                raise argparse.ArgumentTypeError(f"must be among {', '.join(known)}, got {name}")
        if not names:
            raise argparse.ArgumentTypeError(f"must name at least one of {', '.join(known)}")
        return list(dict.fromkeys(names))

    return parse


def positive(text: str) -> int:
    """Parse a whole number from 1."""
    return _whole(text, 1, _LARGEST)


def _seed(text: str) -> int:
    return _whole(text, 0, _LARGEST)


def _threads(text: str) -> int:
    return _whole(text, 1, _MOST_THREADS)


def _whole(text: str, least: int, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        told = most < _LARGEST or number > most
        rule = f"from {least} to {most}" if told else f"from {least}"
        raise argparse.ArgumentTypeError(f"must be a whole number {rule}, got {text}")
    return number


def _positive_or_auto(text: str) -> int | None:
    if text == "auto":
        return None
    try:
        return positive(text)
    except argparse.ArgumentTypeError as error:
        message = str(error).replace("must be", "must be auto or", 1)
        raise argparse.ArgumentTypeError(message) from None
