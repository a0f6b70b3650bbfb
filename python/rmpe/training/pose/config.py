"""The configuration of the training of a pose network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rmpe_ext.conventions import ConventionName

from ...method.limits import LimitName
from ..config import Phase, TrainingConfig
from ..rules import Angle, Factor, Fraction, NotNegative, Number, Positive, Side, UpTo10

__all__ = [
    "Augmentation",
    "Input",
    "PoseConfig",
    "PosePhase",
    "Proposals",
    "Source",
    "Transformer",
    "Validation",
]


@dataclass(frozen=True)
class Source:
    """``[[source]]``: annotated photographs, one table for each set that is mixed in.

    Attributes
    ----------
    annotations, images
        Annotations and the folder of the images, relative to the folder of the data.
    format, split
        Of the annotations: see :data:`rmpe.datasets.FORMATS`; the whole file without a split.
    weight
        Share of the samples, relative to the other sources.
    aspect
        Standard deviation of the logarithm of a random change of the aspect ratio.
    """

    annotations: str
    images: str
    format: Literal["coco", "mpii"] = "coco"
    split: str = ""
    weight: Positive = 1.0
    aspect: UpTo10 = 0.0


@dataclass(frozen=True)
class Validation:
    """``[validation]``: what the average precision is measured on.

    Attributes
    ----------
    annotations, images, format, split
        As in a source. Skeletons with sigmas are measured by COCO's AP, MPII's by PCKh.
    decode
        Convention of :func:`rmpe_ext.decode`.
    """

    annotations: str
    images: str
    format: Literal["coco", "mpii"] = "coco"
    split: str = ""
    decode: ConventionName = "dark"


@dataclass(frozen=True)
class Input:
    """``[input]``: what the network sees, and the maps that it has to give.

    Attributes
    ----------
    mean, std
        Of each channel, in 0..1.
    padding
        By how much a box grows before it is cut, as a fraction of its side.
    sigma
        Of the Gaussian at a joint, in heatmap pixels.
    """

    mean: tuple[Number, Number, Number] = (0.485, 0.456, 0.406)
    std: tuple[Positive, Positive, Positive] = (0.229, 0.224, 0.225)
    padding: UpTo10 = 0.25
    sigma: Positive = 1.5


@dataclass(frozen=True)
class Augmentation:
    """``[augmentation]``: how much the samples vary; every 0 switches something off.

    Attributes
    ----------
    flip
        Probability that a sample is mirrored.
    rotation, rotation_chance
        Standard deviation in degrees (at most twice that is drawn), and how often.
    scale
        Standard deviation of the logarithm of the size (at most twice that is drawn).
    shift
        Standard deviation of the center, as a fraction of the box's side.
    half_body_chance
        How often only the upper or the lower body is shown, of people with 8 joints or more.
    color
        Standard deviation of brightness, contrast, saturation and the gain of each channel.
    gray_chance
        How often the colors are taken away.
    erase_chance, erase_size
        How often a rectangle is filled with one color, and its largest side as a fraction of the
        crop's.
    """

    flip: Fraction = 0.5
    rotation: Angle = 25.0
    rotation_chance: Fraction = 0.6
    scale: UpTo10 = 0.2
    shift: UpTo10 = 0.06
    half_body_chance: Fraction = 0.2
    color: UpTo10 = 0.15
    gray_chance: Fraction = 0.05
    erase_chance: Fraction = 0.3
    erase_size: Fraction = 0.35


@dataclass(frozen=True)
class Proposals:
    """``[proposals]``: the boxes to train on, in place of randomly changed true ones.

    Attributes
    ----------
    kind
        ``"none"``, the default, which draws none; ``"fitted"``, from the mixtures of a file (PGPG);
        ``"jitter"``, random jitter of those mixtures' variance; or ``"released"``, the one Gaussian
        that the authors released.
    file
        Of the mixtures: ``"coco"`` or ``"mpii"``, which come with the package
        (:data:`rmpe.method.proposals.FITTED`), or what ``rmpe fit-proposals`` wrote, relative to
        the configuration.
    """

    kind: Literal["none", "fitted", "jitter", "released"] = "none"
    file: str = ""


# What localization networks take that take any numbers, unless a configuration says otherwise.
_USUAL = {"small_localization": {"width": 16, "cells": 4}}


@dataclass(frozen=True)
class Transformer:
    """``[transformer]``: a spatial transformer in front of the pose network.

    Attributes
    ----------
    localization
        A key of :data:`rmpe.networks.architectures.ARCHITECTURES` that is for localization.
    parameters
        The whole numbers that it takes, by name; those of the package's configurations where they
        are left out.
    limits, shift, zoom, angle
        See :class:`rmpe.method.limits.Limits`.
    small
        Height and width of the crops that it takes.
    strict
        Whether a theta that has no inverse to speak of ends training with an error. Otherwise it is
        limited, and counted in the log. Only the limits ``"affine"`` and a large zoom allow any.
    parallel
        Whether the parallel pose network trains it, too.
    window_weight
        Of one more loss, which the paper does not have: how far the corners of the window are from
        those of the true box's, on average, in halves of the crop's sides. Where the true box is
        known, it says to each person's theta what the parallel branch says on average only.
    """

    localization: str = "small_localization"
    parameters: dict[str, int] = field(default_factory=dict)
    limits: LimitName = "scale"
    shift: UpTo10 = 0.3
    zoom: Factor = 2.0
    angle: Angle = 30.0
    small: tuple[Side, Side] = (64, 64)
    strict: bool = False
    parallel: bool = True
    window_weight: NotNegative = 0.0

    @property
    def numbers(self) -> dict[str, int]:
        """The parameters, or those that are usual."""
        return self.parameters or _USUAL.get(self.localization, {})


@dataclass(frozen=True)
class PosePhase(Phase):
    """``[[phase]]`` of a pose network.

    Attributes
    ----------
    transformer
        Whether the transformer, the de-transformer and the parallel branch take part. Where they
        begin to, the parallel branch becomes the pose network as it then is, and stays so.
    """

    transformer: bool = False


@dataclass(frozen=True, kw_only=True)
class PoseConfig(TrainingConfig):
    """The whole file."""

    phase: tuple[PosePhase, ...]

    source: tuple[Source, ...]
    validation: Validation
    input: Input = field(default_factory=Input)
    augmentation: Augmentation = field(default_factory=Augmentation)
    proposals: Proposals = field(default_factory=Proposals)
    transformer: Transformer | None = None
