"""Which settings of a detector's training contradict each other."""

from __future__ import annotations

from ...class_names import PERSON
from ...listing import listed
from ..config import ConfigError
from .config import DetectorConfig, Loss

__all__ = ["check_config"]


def check_config(config: DetectorConfig) -> None:
    """Raise ConfigError where settings contradict each other, or would have no effect."""
    _check_classes(config)
    _check_loss(config)
    _check_teacher(config)


def _check_classes(config: DetectorConfig) -> None:
    names = [name.strip().lower() for name in config.classes]
    if len(set(names)) < len(names) or not all(names):
        raise ConfigError(f"classes must be different names, got {listed(config.classes)}")
    more = [source.more_boxes for source in config.source] + [config.validation.more_boxes]
    if PERSON not in config.classes and any(more):
        raise ConfigError(
            f"more_boxes are boxes of people, and needs {PERSON} among classes, "
            f"got {listed(config.classes)}"
        )


def _check_loss(config: DetectorConfig) -> None:
    loss = config.loss
    if loss.matching == "iou":
        return
    if loss.scores != "quality":
        raise ConfigError(
            f'loss.matching = "aligned" needs scores = "quality", got {loss.scores!r}'
        )
    plain = Loss()
    if (loss.positive_iou, loss.negative_iou) != (plain.positive_iou, plain.negative_iou):
        raise ConfigError(
            "loss.positive_iou and loss.negative_iou have no meaning with matching = "
            f'"aligned", got {loss.positive_iou:g} and {loss.negative_iou:g}; leave them out, or '
            'take matching = "iou"'
        )


def _check_teacher(config: DetectorConfig) -> None:
    teacher, architecture = config.teacher, config.network.architecture
    if not teacher.detector and teacher.hint_weight:
        raise ConfigError(
            f"teacher.hint_weight needs a teacher.detector, got {teacher.hint_weight:g} without; "
            "name a detector that is an SSD, or leave hint_weight out"
        )
    if not teacher.detector:
        return
    if config.loss.scores != "quality":
        raise ConfigError(
            f'teacher.detector needs scores = "quality" in [loss], got {config.loss.scores!r}'
        )
    if config.classes != (PERSON,):
        raise ConfigError(
            f"teacher.detector finds people alone, got classes {listed(config.classes)}"
        )
    if teacher.hint_weight and architecture != "small_ssd":
        raise ConfigError(
            f"teacher.hint_weight needs the architecture small_ssd, got {architecture}"
        )
