"""Checks of the fields of `rmpe.People`: types, shapes, dtypes, devices and values."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import torch

from rmpe_ext.validation.checks import FLOATING, TYPES, check_real, show

from .class_names import check_class_index, check_classes
from .skeletons import Skeleton

if TYPE_CHECKING:
    from .people import People

__all__ = ["check_drawn_score", "check_fields", "check_image_index"]

_NUMBERS = ("keypoints", "keypoint_scores", "boxes", "box_scores", "scores")
_OPTIONAL = ("track_ids", "class_index")
_WHOLE = ("image_index", *_OPTIONAL)
_SIZES = "image_sizes must hold (height, width) of each image, whole numbers from 1"


def check_fields(people: People) -> None:
    """Raise TypeError or ValueError unless the fields are what `People` says of them.

    Values are looked at on the CPU alone: elsewhere that would wait for the device.
    """
    if not isinstance(people.skeleton, Skeleton):
        raise TypeError(f"skeleton must be a Skeleton, got {type(people.skeleton).__name__}")
    tensors: dict[str, torch.Tensor] = {}
    for name in (*_NUMBERS, *_WHOLE):
        value = getattr(people, name)
        if value is None and name in _OPTIONAL:
            continue
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(value).__name__}")
        if value.is_nested or value.layout != torch.strided:
            layout = "a nested tensor" if value.is_nested else value.layout
            raise TypeError(f"{name} must be dense, got {layout}")
        tensors[name] = value
    _check_shapes(people, tensors)
    for name, value in tensors.items():
        if name in _WHOLE and value.dtype != torch.int64:
            raise TypeError(f"{name} must be int64, got {value.dtype}")
        if name in _NUMBERS and str(value.dtype).removeprefix("torch.") not in FLOATING:
            raise TypeError(f"{name} must be one of {', '.join(FLOATING)}, got {value.dtype}")
    _check_sizes(people.image_sizes)
    check_classes(people.classes, people.class_index is not None)
    check_drawn_score(people.drawn_score)
    if people.keypoints.device.type == "cpu":
        _check_values(people)


def check_drawn_score(score: float | None) -> float | None:
    """Give it as a float, or None; raise TypeError or ValueError unless it is in 0..1."""
    if score is None:
        return None
    return check_real(TYPES, "drawn_score", score, "in 0..1", least=0, most=1)


def _check_shapes(people: People, tensors: dict[str, torch.Tensor]) -> None:
    k = len(people.skeleton)
    keypoints = people.keypoints
    if keypoints.dim() != 3 or keypoints.shape[1:] != (k, 2):
        raise ValueError(
            f"keypoints must be (P, {k}, 2) for the skeleton {people.skeleton.name}, "
            f"got {tuple(keypoints.shape)}"
        )
    p = len(keypoints)
    shapes = {"keypoints": (p, k, 2), "keypoint_scores": (p, k), "boxes": (p, 4)}
    for name, value in tensors.items():
        shape = shapes.get(name, (p,))
        if tuple(value.shape) != shape:
            raise ValueError(
                f"{name} must be {shape}, as the keypoints have {p} people, "
                f"got {tuple(value.shape)}"
            )
        if value.device != keypoints.device:
            raise ValueError(
                f"{name} must be on the device of the keypoints ({keypoints.device}), "
                f"got {value.device}"
            )


def _check_sizes(sizes: Any) -> None:
    if not isinstance(sizes, (tuple, list)):
        raise TypeError(f"{_SIZES}, got {show(sizes)}")
    for size in sizes:
        if not isinstance(size, (tuple, list)) or not all(
            isinstance(n, Integral) and not isinstance(n, bool) for n in size
        ):
            raise TypeError(f"{_SIZES}, got {show(size)}")
        if len(size) != 2 or min(size) < 1:
            raise ValueError(f"{_SIZES}, got {show(size)}")


def _check_values(people: People) -> None:
    check_image_index(people)
    if people.class_index is not None:
        check_class_index(people.class_index.tolist(), people.classes)
    if people.track_ids is not None:
        for identity in people.track_ids.tolist():
            if identity < 1 and identity != -1:
                raise ValueError(f"track_ids must be 1 or more, or -1 for none, got {identity}")


def check_image_index(people: People) -> None:
    """Raise ValueError unless each person is in one of the images. Waits for the device."""
    images = len(people.image_sizes)
    outside = (people.image_index < 0) | (people.image_index >= images)
    if outside.any():
        there = f"in 0..{images - 1}, as there are {images} image_sizes" if images else (
            "empty, as image_sizes is"
        )  # fmt: skip
        raise ValueError(
            f"image_index must be {there}, got {people.image_index[outside][0].item()}"
        )
