"""`rmpe train`: train a network by a configuration."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from . import CommandError
from ._messages import say_lines

SUMMARY = "train a network from annotated photographs"

DESCRIPTION = """\
Train a network as a configuration (TOML) says, on annotated photographs.

The output folder gets a checkpoint, the weights of the moving average as float16 safetensors (the
latest and the best), a log and TensorBoard's files. Interrupted at any moment, a run goes on with
--resume, and its losses are those of a run that was never interrupted.

examples:
  rmpe train pose.toml --data ../shared/data --dry-run        what would happen, and how long
  rmpe train pose.toml --data ../shared/data --out runs/check --overfit 8
                                                              a check: learn eight people by heart
  rmpe train pose.toml --data ../shared/data --out runs/pose
  rmpe train pose.toml --data ../shared/data --out runs/pose --resume
  rmpe train decay.toml --data ../shared/data --out runs/decay --from runs/pose/checkpoint.pt
  torchrun --nproc-per-node 2 -m rmpe train pose.toml --data ../shared/data --out runs/pose
"""

# Each holds two batches that wait.
_MOST_WORKERS = 256


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = DESCRIPTION
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the configuration, TOML")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("RMPE_DATA", ".")),
        metavar="DIR",
        help="folder that the configuration's paths start from (default: $RMPE_DATA, or here)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the run (default: none; needed to train)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in the output folder"
    )
    parser.add_argument(
        "--from",
        dest="start",
        type=Path,
        metavar="CHECKPOINT",
        help="begin with the weights and the optimizer's state of another run (default: none)",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="begin with the weights alone: of a checkpoint's moving average, a .safetensors "
        "file or a model card. Pose networks take them with a spatial transformer or without; "
        "a line says what was taken (default: none)",
    )
    parser.add_argument("--phase", metavar="NAME", help="begin at this phase (default: the first)")
    parser.add_argument(
        "--samples",
        type=int,
        metavar="N",
        help="stop after N samples in all, with a checkpoint (default: at the end of the "
        "last phase)",
    )
    parser.add_argument(
        "--overfit",
        type=int,
        metavar="N",
        help="learn N people by heart, without augmentation, in 300 steps at most, and "
        "measure on them: whoever learns at all reaches an OKS, or AP50, near 1 (default: off)",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what this very command would train on, from where to where, how fast and "
        "how long; write nothing but the decoded photographs",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="threads that make batches (default: 1)",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("~/.cache/rmpe/photographs"),
        metavar="DIR",
        help="folder of decoded photographs (default: ~/.cache/rmpe/photographs)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train; returns the exit status."""
    from ..outputs.errors import OutputError
    from ..training.describe import describe
    from ..training.loop import TrainingError
    from ..training.session import prepare, train_from_config

    for name in ("samples", "overfit", "workers"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise CommandError(f"--{name} must be at least 1, got {value}")
    if arguments.workers > _MOST_WORKERS:
        raise CommandError(f"--workers must be at most {_MOST_WORKERS}, got {arguments.workers}")
    beginnings = {
        "--resume": arguments.resume,
        "--from": arguments.start,
        "--weights": arguments.weights,
    }
    given = [name for name, value in beginnings.items() if value]
    if len(given) > 1:
        raise CommandError(f"{' and '.join(given)} exclude each other: a run has one beginning")
    if arguments.resume and arguments.phase:
        raise CommandError("--resume and --phase exclude each other: a run goes on where it was")
    if arguments.out is None and (arguments.resume or not arguments.dry_run):
        raise CommandError("--out is needed: the folder that the run is kept in")
    beginning: dict[str, Any] = {
        name: getattr(arguments, name)
        for name in (
            "data", "cache", "out", "resume", "start", "weights", "phase", "samples", "overfit",
        )
    }  # fmt: skip

    def report(line: str) -> None:
        say_lines([line], sys.stdout)

    try:
        if arguments.dry_run:
            describe(prepare(arguments.config, **beginning), report)
            return 0
        interrupted = train_from_config(
            arguments.config,
            **beginning,
            workers=arguments.workers,
            report=report,
        )
    except TrainingError as error:
        raise CommandError(str(error), status=1) from error
    except (ValueError, OutputError) as error:
        raise CommandError(str(error)) from error
    except (MemoryError, RuntimeError) as error:
        # torch has an error of its own for it.
        if not isinstance(error, MemoryError) and "allocate memory" not in str(error):
            raise
        raise CommandError(
            f"there is not enough memory; lower batch_size, or size: {error}", status=1
        ) from error
    except OSError as error:
        raise CommandError(f"cannot go on: {error}", status=1) from error
    return 0 if interrupted is None else 128 + interrupted
