"""A training run from its files: configuration, data, output folder."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from tqdm import tqdm

from .batches import BatchMaker
from .checkpoint import CheckpointError, read_checkpoint
from .config import Augmentation, ConfigError, TrainingConfig
from .export import write_pose_model
from .loop import CHECKPOINT, Validate, train
from .networks import build_network
from .people import TrainingPeople, load_people
from .read import parse_config
from .run import Run
from .schedule import Schedule
from .validation import KeypointValidation, SimilarityValidation

__all__ = ["load_people_of", "print_people", "read_config", "train_from_config"]

_STILL = Augmentation(
    flip=0, rotation=0, rotation_chance=0, scale=0, shift=0, half_body_chance=0, color=0,
    gray_chance=0, erase_chance=0, erase_size=0,
)  # fmt: skip


def train_from_config(
    path: Path,
    *,
    data: Path,
    cache: Path,
    out: Path,
    resume: bool = False,
    start: Path | None = None,
    phase: str | None = None,
    samples: int | None = None,
    overfit: int | None = None,
    workers: int = 1,
) -> signal.Signals | None:
    """Train as a configuration says.

    Parameters
    ----------
    path : Path
        The configuration; see `rmpe.training.config`.
    data, cache, out : Path
        Folders: of the data, of decoded photographs, of the run.
    resume : bool
        Go on from the checkpoint in ``out``.
    start : Path, optional
        A checkpoint whose weights a new run begins with.
    phase : str, optional
        Where a new run begins.
    samples : int, optional
        Stop after so many in all.
    overfit : int, optional
        Train on so many people only, without augmentation, and measure on them.
    workers : int
        Threads that make batches.

    Returns
    -------
    signal.Signals or None
        What interrupted the run.

    Raises
    ------
    ConfigError, CheckpointError, TrainingError, OSError, ValueError
        Where it cannot begin or go on.
    """
    text, config = read_config(path, overfit)
    checkpoint = out / CHECKPOINT
    if checkpoint.exists() and not resume:
        raise CheckpointError(
            f"{out} holds a run already; go on with --resume, or choose another folder"
        )
    state = read_checkpoint(checkpoint) if resume else read_checkpoint(start) if start else None
    schedule = Schedule(config.phase, config.batch_size)
    with _processes() as (rank, world):
        people = load_people_of(config, data, cache, overfit)
        out.mkdir(parents=True, exist_ok=True)
        if rank == 0:
            (out / "config.toml").write_text(text)
            print_people(config, people)
        # Networks of ours draw nothing while they train, others may.
        torch.manual_seed(config.seed)
        run = Run(config, text, build_network(config.network, len(people[0].skeleton), config.seed))
        if state is not None:
            (run.resume if resume else run.start_from)(state)
        if phase is not None and not resume:
            run.step = schedule.first_step(phase)
        make = BatchMaker(config, people, schedule.size, rank=rank, world=world)
        validate: Validate = (
            KeypointValidation(
                data / config.validation.annotations, data / config.validation.images
            )
            if overfit is None
            else SimilarityValidation(people[0])
        )

        def export(folder: Path, name: str, network: nn.Module, size: tuple[int, int]) -> Path:
            return write_pose_model(folder, name, network, config, people[0].skeleton, size)

        last = None if samples is None else -(-samples // config.batch_size)
        return train(
            run,
            make,
            schedule,
            out,
            export=export,
            validate=validate,
            workers=workers,
            last_step=last,
        )


def read_config(path: Path, overfit: int | None = None) -> tuple[str, TrainingConfig]:
    """Read a configuration file, and take out everything random to overfit; text and meaning."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the configuration: {error}") from error
    config = parse_config(text, str(path))
    if overfit is not None:
        config = replace(config, augmentation=_STILL, source=(replace(config.source[0], aspect=0),))
    return text, config


def load_people_of(
    config: TrainingConfig, data: Path, cache: Path, overfit: int | None
) -> list[TrainingPeople]:
    cache = cache.expanduser()
    people = []
    for source in config.source:
        with tqdm(desc=f"decoding {source.images}", unit=" photographs", delay=1) as bar:
            people.append(
                load_people(
                    data / source.annotations,
                    data / source.images,
                    cache,
                    longest_side=config.longest_side,
                    progress=bar.update,
                )  # fmt: skip
            )
    if overfit is not None:
        clearest = np.argsort(-people[0].labeled.sum(1), kind="stable")[:overfit]
        people = [people[0].select(clearest)]
    return people


def print_people(config: TrainingConfig, people: list[TrainingPeople]) -> None:
    total = sum(source.weight for source in config.source)
    for source, part in zip(config.source, people, strict=True):
        skipped = ", ".join(f"{n} {reason}" for reason, n in part.skipped.most_common())
        print(
            f"{source.annotations}: {len(part):,} people in {len(np.unique(part.image_index)):,} "
            f"photographs, {source.weight / total:.0%} of the samples"
            + (f"; skipped: {skipped}" if skipped else "")
        )


@contextmanager
def _processes() -> Iterator[tuple[int, int]]:
    """Rank and number of the processes that torchrun started; 0 and 1 without it."""
    if "WORLD_SIZE" not in os.environ:
        yield 0, 1
        return
    dist.init_process_group("gloo")
    try:
        yield dist.get_rank(), dist.get_world_size()
    finally:
        dist.destroy_process_group()
