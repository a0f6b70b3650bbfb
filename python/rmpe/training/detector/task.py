"""Training a detector: photographs, anchors, boxes, average precision."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from tqdm import tqdm

from ...errors import ModelError
from ...networks.architectures import architecture_builder
from ...terminal import printable
from ..annotation_files import annotation_digests
from ..config import ConfigError, Phase
from ..overfit import fewer
from ..schedule import Schedule
from .batches import Batch, BatchMaker
from .boxes import BoxedImages, load_boxes
from .checks import check_config
from .config import Augmentation, DetectorConfig
from .export import write_detector_model
from .hints import Pupil, hint_loss
from .losses import box_loss, log_odds, person_iou, score_loss
from .matching import align_anchors, decode_boxes
from .teacher import Teacher
from .validation import BoxValidation

if TYPE_CHECKING:
    from ...networks.architectures.small_ssd import SmallSSD

__all__ = ["DetectorTask"]

_STILL = Augmentation(
    flip=0, expand_chance=0, crop_chance=0, mosaic_chance=0, blend_chance=0, color=0,
    gray_chance=0, erase_chance=0, erase_size=0,
)  # fmt: skip
_PICTURED = 8
# Boxes that are shown, of the likeliest.
_SHOWN = 5


class DetectorTask:
    """See `rmpe.training.task.Task`."""

    config_class = DetectorConfig

    def __init__(
        self,
        config: DetectorConfig,
        *,
        data: Path,
        cache: Path,
        folder: Path,
        overfit: int | None = None,
    ) -> None:
        if overfit is not None:
            config = replace(config, augmentation=_STILL, source=config.source[:1])
        self.config, self._overfit = config, overfit
        check_config(config)
        self._teacher = _load_teacher(config)
        self._sources = _load(config, data, cache)
        self._annotation_files = annotation_digests(config.source, data)
        if overfit is not None:
            self._sources = [_first(self._sources[0], overfit)]
        held_out = config.validation
        self._validation = (
            BoxValidation.read(
                data / held_out.annotations,
                data / held_out.images,
                held_out.more_boxes,
                config.classes,
            )
            if overfit is None
            else BoxValidation.of(self._sources[0], config.classes)
        )
        # Of the sizes of the phases, which are few.
        self._anchors: Callable[[tuple[int, int]], torch.Tensor] = functools.cache(
            getattr(_detector_of(self.network()), "anchors")  # noqa: B009
        )

    @property
    def partial(self) -> bool:
        """All weights learn always."""
        return False

    @property
    def contents(self) -> dict[str, str]:
        """How much each source holds, and its annotations."""
        found = {
            f"source {i}, {source.annotations}": f"{len(p.boxes)} boxes in {len(p)} photographs"
            for i, (source, p) in enumerate(zip(self.config.source, self._sources, strict=True), 1)
        }
        teacher = {} if self._teacher is None else self._teacher.contents
        return found | self._annotation_files | teacher

    def summary(self) -> list[str]:
        """Say how many photographs and boxes each source has, and what was left out."""
        total = sum(source.weight for source in self.config.source)
        lines = []
        if self._overfit is not None and len(self._sources[0]) < self._overfit:
            lines.append(fewer(self._overfit, len(self._sources[0]), "photographs"))
        for source, part in zip(self.config.source, self._sources, strict=True):
            skipped = ", ".join(f"{n} {reason}" for reason, n in part.skipped.most_common())
            lines.append(
                f"{source.annotations}: {len(part.boxes):,} boxes in {len(part):,} photographs, "
                f"{source.weight / total:.0%} of the samples"
                + (f"; skipped: {skipped}" if skipped else "")
            )
        if self._overfit is None:
            lines.append(f"{self.config.validation.annotations}: {self._validation}")
        return lines

    def network(self) -> nn.Module:
        """Build the network, with weights that depend on the seed alone."""
        config = self.config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            network = architecture_builder(config.network.architecture)(**config.numbers)
            if self._teacher is not None and self._teacher.classes:
                network = Pupil(cast("SmallSSD", network), self._teacher.classes)
        return network.to(memory_format=torch.channels_last)

    def batches(self, schedule: Schedule, rank: int, world: int) -> Callable[[int], Batch]:
        """Make the function that makes a process's part of the batch of a step."""
        return BatchMaker(
            self.config,
            self._sources,
            schedule.size,
            self._anchors,
            teacher=self._teacher,
            rank=rank,
            world=world,
        )

    def loss(
        self, model: nn.Module, batch: Batch
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Loss of scores, boxes and hints for each positive anchor; and the boxes and logits."""
        encoded, logits, *hints = model(batch.inputs)
        encoded, logits = encoded.float(), logits.float()
        config = self.config.loss
        matched, quality, weight = self._match(batch, encoded.detach(), logits.detach())
        places = batch.anchors, batch.boxes, matched
        summed = score_loss(logits, matched, batch.class_index, quality, config)
        summed = summed + config.box_weight * box_loss(encoded, *places, weight, config)
        for learned in hints:
            summed = summed + self.config.teacher.hint_weight * hint_loss(learned, batch.hints)
        positives = weight.sum()
        if dist.is_initialized():
            dist.all_reduce(positives)
        return summed / positives.clamp(min=1), (encoded.detach(), logits.detach())

    def _match(
        self, batch: Batch, encoded: torch.Tensor, logits: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The box of each anchor (N, A); the score and the weight (P,) of those that have one."""
        if self.config.loss.matching == "iou":
            matched = batch.matched
            weight = batch.certainty[matched[matched >= 0]]
            iou = person_iou(encoded, batch.anchors, batch.boxes, matched)
            return matched, weight * iou, weight
        anchors = batch.anchors.repeat(len(encoded), 1)
        people = (~batch.ignored).nonzero()[:, 0]
        matched, quality = align_anchors(
            batch.matched,
            log_odds(logits).sigmoid(),
            decode_boxes(encoded.flatten(0, 1), anchors).view_as(encoded),
            batch.anchors,
            batch.boxes[people],
            batch.sample[people],
            batch.class_index[people],
        )
        assigned = matched >= 0
        matched[assigned] = people[matched[assigned]]
        quality = quality * batch.certainty[matched[assigned]]
        return matched, quality, quality

    def adopt(self, network: nn.Module, weights: dict[str, torch.Tensor]) -> str:
        """Fill a network with trained weights; hints are learned anew."""
        _detector_of(network).load_state_dict(
            {
                name.removeprefix("detector."): value
                for name, value in weights.items()
                if not name.startswith("hints.")
            }
        )
        return "the detector"

    def enter(self, network: nn.Module, phase: Phase, *, begins: bool) -> None:
        """Do nothing: all phases are alike."""

    def details(self, outputs: object) -> dict[str, float]:
        """Nothing beside the loss."""
        return {}

    def picture(self, batch: Batch, outputs: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Photographs with the people in them (green) and the likeliest boxes (red)."""
        from torchvision.utils import draw_bounding_boxes

        encoded, logits = outputs
        mean = batch.inputs.new_tensor(self.config.input.mean)[:, None, None]
        std = batch.inputs.new_tensor(self.config.input.std)[:, None, None]
        extent = torch.tensor(batch.inputs.shape[:1:-1]).repeat(2)
        pictures = []
        for i in range(min(_PICTURED, len(encoded))):
            pixels = ((batch.inputs[i] * std + mean).clamp(0, 1) * 255).byte().contiguous()
            likelihood = logits[i, :, 1:].logsumexp(1) - logits[i, :, 0]
            best = likelihood.topk(_SHOWN).indices
            found = decode_boxes(encoded[i, best], batch.anchors[best])
            people = batch.boxes[(batch.sample == i) & ~batch.ignored]
            for boxes, color in ((people, "green"), (found, "red")):
                drawn = (boxes * extent).clamp(min=0).minimum(extent - 1)
                drawn = drawn[(drawn[:, 2:] >= drawn[:, :2]).all(dim=1)]
                if len(drawn):
                    pixels = draw_bounding_boxes(pixels, drawn, colors=color)
            pictures.append(pixels.float() / 255)
        return torch.cat(pictures, dim=2)

    def export(self, folder: Path, name: str, network: nn.Module, size: tuple[int, int]) -> Path:
        """Write a model for an input of a size; the path of its card."""
        return write_detector_model(folder, name, _detector_of(network), self.config, size)

    def validate(self, card: Path) -> dict[str, float]:
        """Average precision of the boxes."""
        return self._validation(card)


def _detector_of(network: nn.Module) -> nn.Module:
    """What is left after training."""
    return network.detector if isinstance(network, Pupil) else network


def _load_teacher(config: DetectorConfig) -> Teacher | None:
    if not config.teacher.detector:
        return None
    try:
        return Teacher(config.teacher)
    except ModelError as error:
        raise ConfigError(f"teacher.detector: {error}") from error


def _load(config: DetectorConfig, data: Path, cache: Path) -> list[BoxedImages]:
    sources = []
    for source in config.source:
        with tqdm(
            desc=f"decoding {printable(source.images)}", unit=" photographs", delay=1, disable=None
        ) as bar:
            part = load_boxes(
                data / source.annotations,
                data / source.images,
                cache,
                longest_side=config.longest_side,
                classes=config.classes,
                more_boxes=source.more_boxes,
                progress=bar.update,
            )
        sources.append(part)
    return sources


def _first(data: BoxedImages, count: int) -> BoxedImages:
    """The first photographs alone."""
    last = data.first[min(count, len(data))]
    return BoxedImages(
        images=data.images[:count],
        first=np.minimum(data.first[: count + 1], last),
        boxes=data.boxes[:last],
        class_index=data.class_index[:last],
        ignored=data.ignored[:last],
        skipped=data.skipped,
    )
