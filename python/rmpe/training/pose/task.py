"""Training a pose network: people, crops, heatmaps, average precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from ...method.proposals import RELEASED, Proposals, random_jitter, read_proposals
from ...networks.architectures import architecture_builder
from ..config import ConfigError
from ..schedule import Schedule
from .batches import Batch, BatchMaker
from .config import Augmentation, PoseConfig
from .export import write_pose_model
from .people import TrainingPeople, load_people
from .targets import heatmap_loss
from .validation import KeypointValidation, SimilarityValidation

__all__ = ["PoseTask"]

_STILL = Augmentation(
    flip=0, rotation=0, rotation_chance=0, scale=0, shift=0, half_body_chance=0, color=0,
    gray_chance=0, erase_chance=0, erase_size=0,
)  # fmt: skip
_PICTURED = 8


class PoseTask:
    """See `rmpe.training.task.Task`."""

    config_class = PoseConfig

    def __init__(
        self,
        config: PoseConfig,
        *,
        data: Path,
        cache: Path,
        folder: Path,
        overfit: int | None = None,
    ) -> None:
        if overfit is not None:
            first = replace(config.source[0], aspect=0)
            config = replace(config, augmentation=_STILL, source=(first,))
        self.config = config
        self._proposals = _proposals(config, folder)
        self._people = _load(config, data, cache, overfit)
        self._skeleton = self._people[0].skeleton
        self._validation = (
            KeypointValidation(
                data / config.validation.annotations, data / config.validation.images
            )
            if overfit is None
            else SimilarityValidation(self._people[0])
        )

    def summary(self) -> list[str]:
        """Say how many people each source has, and who was left out."""
        total = sum(source.weight for source in self.config.source)
        lines = []
        for source, part in zip(self.config.source, self._people, strict=True):
            skipped = ", ".join(f"{n} {reason}" for reason, n in part.skipped.most_common())
            lines.append(
                f"{source.annotations}: {len(part):,} people in "
                f"{len(np.unique(part.image_index)):,} photographs, "
                f"{source.weight / total:.0%} of the samples"
                + (f"; skipped: {skipped}" if skipped else "")
            )
        return lines

    def network(self) -> nn.Module:
        """Build the network, with weights that depend on the seed alone."""
        config = self.config.network
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            network = architecture_builder(config.architecture)(
                len(self._skeleton), intermediate=True, **config.parameters
            )
        return network.to(memory_format=torch.channels_last)

    def batches(self, schedule: Schedule, rank: int, world: int) -> Callable[[int], Batch]:
        """Make the function that makes a process's part of the batch of a step."""
        return BatchMaker(
            self.config,
            self._people,
            schedule.size,
            proposals=self._proposals,
            rank=rank,
            world=world,
        )

    def loss(self, model: nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean over labeled joints and stacks, 1 for blank maps; and the last stack's heatmaps."""
        heatmaps = model(batch.crops)
        summed = heatmap_loss(heatmaps, batch.target, batch.labeled, self.config.input.sigma)
        return summed / (max(1, batch.joints) * heatmaps.shape[1]), heatmaps.detach()[:, -1]

    def picture(self, batch: Batch, outputs: torch.Tensor) -> torch.Tensor:
        """Crops, below them the heatmaps, below these the targets."""
        spec = self.config.input
        mean, std = (batch.crops.new_tensor(v)[:, None, None] for v in (spec.mean, spec.std))
        rows = [(batch.crops[:_PICTURED] * std + mean).clamp(0, 1)]
        for maps in (outputs, batch.target):
            strongest = maps[:_PICTURED].float().amax(1, keepdim=True).clamp(0, 1)
            rows.append(F.interpolate(strongest, rows[0].shape[2:]).expand(-1, 3, -1, -1))
        return torch.cat(tuple(torch.cat(rows, dim=2)), dim=2)

    def export(self, folder: Path, name: str, network: nn.Module, size: tuple[int, int]) -> Path:
        """Write a model for crops of a size; the path of its card."""
        return write_pose_model(folder, name, network, self.config, self._skeleton, size)

    def validate(self, card: Path) -> dict[str, float]:
        """Keypoint AP with true boxes, or OKS on the very samples that are overfitted."""
        return self._validation(card)


def _load(config: PoseConfig, data: Path, cache: Path, overfit: int | None) -> list[TrainingPeople]:
    people = []
    for source in config.source:
        with tqdm(desc=f"decoding {source.images}", unit=" photographs", delay=1) as bar:
            part = load_people(
                data / source.annotations,
                data / source.images,
                cache,
                longest_side=config.longest_side,
                progress=bar.update,
            )
        people.append(part)
    names = {part.skeleton.name for part in people}
    if len(names) > 1:
        raise ConfigError(f"all sources must have one skeleton, got {', '.join(sorted(names))}")
    if overfit is not None:
        clearest = np.argsort(-people[0].labeled.sum(axis=1), kind="stable")[:overfit]
        people = [people[0].select(clearest)]
    return people


def _proposals(config: PoseConfig, folder: Path) -> Proposals | None:
    spec = config.proposals
    if (spec.kind in ("fitted", "jitter")) != bool(spec.file):
        raise ConfigError(
            "proposals.file must be given with the kinds fitted and jitter, and with no other; "
            f"got {spec.file!r} with {spec.kind}"
        )
    if spec.kind == "none":
        return None
    if spec.kind == "released":
        return RELEASED
    fitted = read_proposals(folder / spec.file)
    return random_jitter(fitted) if spec.kind == "jitter" else fitted
