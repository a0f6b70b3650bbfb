"""Training a pose network: people, crops, heatmaps, average precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from ...datasets import load_dataset
from ...method.parallel import RMPE, RMPEOutput
from ...method.theta import SingularThetaError
from ...networks.architectures import architecture_builder
from ...readable import readable
from ...skeletons import Skeleton
from ...terminal import printable
from ..annotation_files import annotation_digests
from ..config import ConfigError, Phase
from ..overfit import fewer
from ..schedule import Schedule
from ..task import StepError
from ..trial import check_forward
from .batches import Batch, BatchMaker
from .config import Augmentation, PoseConfig, PosePhase
from .export import write_pose_model
from .people import TrainingPeople, load_people
from .proposals import load_proposals, proposals_contents
from .targets import heatmap_loss
from .transformers import adopt_weights, build_transformer, paint_windows, window_loss
from .validation import HeadValidation, KeypointValidation, SimilarityValidation

__all__ = ["PoseTask"]

_STILL = Augmentation(
    flip=0, rotation=0, rotation_chance=0, scale=0, shift=0, half_body_chance=0, color=0,
    gray_chance=0, erase_chance=0, erase_size=0,
)  # fmt: skip
_PICTURED = 8

Measure = Callable[[Path], dict[str, float]]


class PoseOutputs(NamedTuple):
    """What a step gave, without gradients.

    Attributes
    ----------
    heatmaps
        (N, K, h, w): of the last stack.
    theta
        (N, 2, 3), where there is a transformer.
    parallel
        The loss of the parallel branch, where there is one.
    limited
        How many thetas had no inverse to speak of.
    """

    heatmaps: torch.Tensor
    theta: torch.Tensor | None
    parallel: float | None
    limited: int


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
            config = replace(
                config,
                augmentation=_STILL,
                source=(replace(config.source[0], aspect=0),),
                proposals=replace(config.proposals, kind="none", file=""),
            )
        self.config, self._overfit = config, overfit
        _check_transformer(config)
        self._people = _load(config, data, cache, overfit)
        self._annotation_files = annotation_digests(config.source, data)
        self._skeleton = self._people[0].skeleton
        self._proposals = load_proposals(config.proposals, folder, self._skeleton)
        self._proposals_file = proposals_contents(config.proposals, folder)
        if overfit is not None and self._skeleton.sigmas is None:
            raise ConfigError(
                "--overfit measures OKS, for which the skeleton "
                f"{self._skeleton.name} has no sigmas"
            )
        self._validation: Measure
        self._measured: str | None
        if overfit is None:
            self._validation, self._measured = _held_out(config, data, self._skeleton)
        else:
            self._validation, self._measured = SimilarityValidation(self._people[0]), None

    @property
    def partial(self) -> bool:
        """A transformer's weights rest until its phase."""
        return self.config.transformer is not None

    @property
    def contents(self) -> dict[str, str]:
        """How many people each source holds, its annotations, and which proposals there are."""
        found = {
            f"source {i}, {source.annotations}": f"{len(part)} people"
            for i, (source, part) in enumerate(
                zip(self.config.source, self._people, strict=True), 1
            )
        }
        return found | self._annotation_files | self._proposals_file

    def summary(self) -> list[str]:
        """Say how many people each source and the validation have, and who was left out."""
        total = sum(source.weight for source in self.config.source)
        lines = []
        if self._overfit is not None and len(self._people[0]) < self._overfit:
            lines.append(fewer(self._overfit, len(self._people[0]), "people"))
        for source, part in zip(self.config.source, self._people, strict=True):
            skipped = ", ".join(f"{n} {reason}" for reason, n in part.skipped.most_common())
            lines.append(
                f"{source.annotations}: {len(part):,} people in "
                f"{len(np.unique(part.image_index)):,} photographs, "
                f"{source.weight / total:.0%} of the samples"
                + (f"; skipped: {skipped}" if skipped else "")
            )
        return lines if self._measured is None else [*lines, self._measured]

    def network(self) -> nn.Module:
        """Build the network, with weights that depend on the seed alone."""
        config = self.config.network
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            network = architecture_builder(config.architecture)(
                len(self._skeleton), intermediate=True, **config.parameters
            )
            if self.config.transformer is not None:
                size = self.config.phase[-1].size
                spec = self.config.transformer
                network = RMPE(network, build_transformer(spec, size), strict=spec.strict)
        return network.to(memory_format=torch.channels_last)

    def adopt(self, network: nn.Module, weights: dict[str, torch.Tensor]) -> str:
        """Fill the pose network, and the transformer before it, with trained weights."""
        return adopt_weights(network, weights)

    def enter(self, network: nn.Module, phase: Phase, *, begins: bool) -> None:
        """Let the transformer and the parallel branch take part from a phase on, or rest."""
        if not isinstance(network, RMPE) or not isinstance(phase, PosePhase):
            return
        spec = self.config.transformer
        network.transforms = phase.transformer
        network.branches = phase.transformer and spec is not None and spec.parallel
        names = [other.name for other in self.config.phase]
        before = self.config.phase[: names.index(phase.name)]
        if begins and network.branches and not (before and before[-1].transformer):
            network.start_parallel()

    def batches(self, schedule: Schedule, rank: int, world: int) -> Callable[[int], Batch]:
        """Make the function that makes a process's part of the batch of a step."""
        return BatchMaker(
            self.config,
            self._people,
            schedule.size,
            centers=lambda step: getattr(schedule.stage(step).phase, "transformer", False),
            proposals=self._proposals,
            rank=rank,
            world=world,
        )

    def loss(self, model: nn.Module, batch: Batch) -> tuple[torch.Tensor, PoseOutputs]:
        """Mean over labeled joints and stacks, 1 for blank maps; of both branches, added."""
        try:
            found = model(batch.crops)
        except SingularThetaError as error:
            raise StepError(f"transformer.strict: {error}") from error
        output = found if isinstance(found, RMPEOutput) else RMPEOutput(found, None, None, 0)
        main = self._mean_error(output.heatmaps, batch.target, batch)
        parallel = None
        if output.parallel is not None and batch.centered is not None:
            parallel = self._mean_error(output.parallel, batch.centered, batch)
        loss = main if parallel is None else main + parallel
        spec = self.config.transformer
        if spec is not None and output.theta is not None and batch.window is not None:
            # The losses of all processes are added.
            share = len(output.theta) / self.config.batch_size
            loss = loss + share * spec.window_weight * window_loss(output.theta, batch.window)
        return loss, PoseOutputs(
            heatmaps=output.heatmaps.detach()[:, -1],
            theta=None if output.theta is None else output.theta.detach(),
            parallel=None if parallel is None else float(parallel.detach()),
            limited=output.limited,
        )

    def _mean_error(
        self, heatmaps: torch.Tensor, target: torch.Tensor, batch: Batch
    ) -> torch.Tensor:
        summed = heatmap_loss(heatmaps, target, batch.labeled, self.config.input.sigma)
        return summed / (max(1, batch.joints) * heatmaps.shape[1])

    def details(self, outputs: PoseOutputs) -> dict[str, float]:
        """How the transformer fares, where there is one."""
        if outputs.theta is None:
            return {}
        theta = outputs.theta
        values = {
            "limited": float(outputs.limited),
            "window_shift": float(theta[:, :, 2].abs().mean() / 2),
            "window_size": float(theta[:, [0, 1], [0, 1]].mean()),
        }
        return values if outputs.parallel is None else values | {"parallel": outputs.parallel}

    def picture(self, batch: Batch, outputs: PoseOutputs) -> torch.Tensor:
        """Crops with the windows, below them the heatmaps, below these the targets."""
        spec = self.config.input
        mean, std = (batch.crops.new_tensor(v)[:, None, None] for v in (spec.mean, spec.std))
        crops = (batch.crops[:_PICTURED].float() * std + mean).clamp(0, 1)
        if outputs.theta is not None:
            paint_windows(crops, outputs.theta[:_PICTURED])
        rows = [crops]
        for maps in (outputs.heatmaps, batch.target):
            strongest = maps[:_PICTURED].float().amax(1, keepdim=True).clamp(0, 1)
            rows.append(F.interpolate(strongest, crops.shape[2:]).expand(-1, 3, -1, -1))
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
        with tqdm(
            desc=f"decoding {printable(source.images)}", unit=" photographs", delay=1, disable=None
        ) as bar:
            part = load_people(
                data / source.annotations,
                data / source.images,
                cache,
                longest_side=config.longest_side,
                format=source.format,
                split=source.split or None,
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


def _held_out(config: PoseConfig, data: Path, skeleton: Skeleton) -> tuple[Measure, str]:
    """The measure of the validation, and on whom it is taken, for people."""
    spec = config.validation
    dataset = load_dataset(
        data / spec.annotations, data / spec.images, format=spec.format, split=spec.split or None
    )
    if dataset.skeleton != skeleton:
        raise ConfigError(
            f"validation must have the skeleton of the sources, {skeleton.name}, "
            f"got {dataset.skeleton.name}"
        )
    with tqdm(
        desc=f"reading {printable(spec.images)}", total=len(dataset), unit=" photographs", delay=1,
        disable=None,
    ) as bar:  # fmt: skip
        dataset, problems = readable(dataset, progress=bar.update)
    measure: Measure = KeypointValidation(dataset) if skeleton.sigmas else HeadValidation(dataset)
    counts = {"image missing": dataset.missing, "image unreadable": len(problems)}
    skipped = ", ".join(f"{count} {reason}" for reason, count in counts.items() if count)
    return measure, (
        f"{spec.annotations}: {dataset.labeled.sum():,} people in {len(dataset):,} photographs, "
        "for validation" + (f"; skipped: {skipped}" if skipped else "")
    )


def _check_transformer(config: PoseConfig) -> None:
    using = [phase.name for phase in config.phase if phase.transformer]
    if using and config.transformer is None:
        raise ConfigError(f"phase {using[0]} needs the table [transformer], which is missing")
    if config.transformer is not None and not using:
        raise ConfigError("[transformer] is given, but no phase has transformer = true")
    if config.transformer is not None:
        with torch.device("meta"):
            transformer = build_transformer(config.transformer, config.phase[-1].size)
        check_forward(
            transformer.localization, config.batch_size, config.transformer.small,
            "batches of batch_size and transformer.small",
        )  # fmt: skip
