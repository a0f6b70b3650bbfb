"""Removing poses that show the same person twice."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rmpe_ext import pose_nms
from rmpe_ext.presets import DEFAULT_PRESET, PoseNMSPreset, resolve_preset
from rmpe_ext.validation.checks import check_same

from ..arguments import check_kind
from ..people import People
from .fitted_suppression import FittedSuppression
from .preset_file import load_preset

__all__ = ["suppress", "with_parameters"]


def suppress(
    people: People,
    preset: str | os.PathLike[str] | PoseNMSPreset | FittedSuppression = DEFAULT_PRESET,
    **parameters: Any,
) -> People:
    """Remove the poses that show the same person twice, with parametric pose NMS or another kind.

    The person of the highest ``scores`` is picked first, so that of several poses of one person
    the one that ranks best stays.

    Parameters
    ----------
    people : People
        Of any number of images; only poses of one image, and one class, suppress each other.
    preset : str, path, PoseNMSPreset or FittedSuppression
        As :func:`rmpe.method.preset_file.load_preset` takes it.
    **parameters
        Fields of the preset to replace.

    Returns
    -------
    People
        Those that are kept, in their old order; a kind that merges moves their keypoints, and one
        that only lowers scores keeps everybody.

    Raises
    ------
    TypeError, ValueError
        An argument is of another type, the numbers of `people` are not of one dtype, there is no
        such preset or parameter, or its value is out of range.
    """
    check_kind("people", people, People)
    for name in ("keypoint_scores", "boxes", "scores"):
        have = getattr(people, name).dtype
        check_same(f"{name} of people", have, "their keypoints", people.keypoints.dtype, "dtype")
    found = with_parameters(load_preset(preset), parameters)
    of_class = 0 if people.class_index is None else people.class_index  # one repeats no other
    image_index = people.image_index * len(people.classes) + of_class
    if isinstance(found, FittedSuppression):
        # As if each class had its own images.
        sizes = tuple(size for size in people.image_sizes for _ in people.classes)
        keep, changed = found(replace(people, image_index=image_index, image_sizes=sizes))
        changed = replace(changed, image_index=people.image_index, image_sizes=people.image_sizes)
        return changed.select(keep)
    kept = pose_nms(
        people.keypoints,
        people.keypoint_scores,
        people.boxes,
        preset=found,
        pose_scores=people.scores,
        image_index=image_index,
    )
    return people.select(kept.keep)


def with_parameters(
    found: PoseNMSPreset | FittedSuppression, parameters: Mapping[str, Any] | None
) -> PoseNMSPreset | FittedSuppression:
    """Replace some values of a preset or of another suppression.

    Raises
    ------
    ValueError, TypeError
        It has no such parameter, or the value is out of range.
    """
    if isinstance(found, FittedSuppression):
        return found.replaced(parameters)
    return resolve_preset(found, parameters)
