"""A check before a long run: a few samples, learned by heart in a short copy of the schedule."""

from __future__ import annotations

from dataclasses import replace

from .config import TrainingConfig

__all__ = ["fewer", "shortened"]

# As many steps are enough for whoever learns at all, and take a minute or two.
_STEPS = 300
_BATCH = 8
_MEASUREMENTS = 4
_PICTURES = 3


def fewer(wanted: int, found: int, what: str) -> str:
    """Say that there is less to learn by heart than was asked for.

    Examples
    --------
    >>> fewer(8, 5, "people")
    '--overfit 8: the first source has only 5 people to learn by heart'
    """
    return f"--overfit {wanted}: the first source has only {found} {what} to learn by heart"


def shortened(config: TrainingConfig, count: int) -> TrainingConfig:
    """Shorten every phase, in proportion, to 300 steps in all, in batches that suit a few samples.

    A schedule that is as short already keeps its length.

    Parameters
    ----------
    config : TrainingConfig
    count : int
        The samples that are learned by heart.

    Examples
    --------
    >>> from rmpe.training.config import Network, Phase, TrainingConfig
    >>> long = Phase("long", 240_000, (64, 64), rate=1e-3, warmup=3200)
    >>> last = Phase("last", 80_000, (64, 64), rate=1e-3)
    >>> config = TrainingConfig(task="pose", network=Network("x", {}), phase=(long, last))
    >>> short = shortened(config, 8)
    >>> short.batch_size, [(phase.samples, phase.warmup) for phase in short.phase]
    (8, [(1800, 24), (600, 0)])
    """
    batch = min(config.batch_size, max(count, _BATCH))
    # In steps of the configuration's own batches.
    lengths = [-(-phase.samples // config.batch_size) for phase in config.phase]
    total = sum(lengths)
    wanted = min(_STEPS, total)
    phases = tuple(
        replace(
            phase,
            samples=batch * max(1, length * wanted // total),
            warmup=batch * (phase.warmup // config.batch_size * wanted // total),
        )
        for phase, length in zip(config.phase, lengths, strict=True)
    )
    samples = sum(phase.samples for phase in phases)
    return replace(
        config,
        batch_size=batch,
        phase=phases,
        validate_every=min(config.validate_every, max(1, samples // _MEASUREMENTS)),
        pictures_every=min(config.pictures_every, _STEPS // _PICTURES),
    )
