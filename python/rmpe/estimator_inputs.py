"""What callers give the estimator, as tensors: images and boxes in any form that numpy can read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rmpe_ext.validation.checks import show

from .arguments import check_name
from .detectors.detections import Detections
from .inputs.clip import is_video
from .inputs.frames import CHANNELS
from .inputs.images import ImageError, read_image
from .terminal import printable

__all__ = ["Image", "boxes_as_detections", "images_as_frames", "is_one_image"]

Image = np.ndarray | torch.Tensor | str | bytes | os.PathLike[str]
_PATH = (str, bytes, os.PathLike)


def is_one_image(images: Image | Sequence[Image]) -> bool:
    """Whether this is a single image, and not a batch or a sequence."""
    if isinstance(images, (np.ndarray, torch.Tensor)):
        return images.ndim == 3
    return isinstance(images, _PATH)


def images_as_frames(
    images: Image | Sequence[Image], channels: str, device: torch.device
) -> list[torch.Tensor]:
    """Give one image or each of many as a uint8 RGB tensor (H, W, 3) on the device.

    Raises
    ------
    TypeError, ValueError
        For something else than images, under the name ``images``.
    rmpe.ImageError
        For a file that cannot be read.
    """
    check_name("channels", channels, CHANNELS)
    several: Any = [images] if is_one_image(images) else images
    if not isinstance(several, (Sequence, np.ndarray, torch.Tensor)):
        raise TypeError(
            f"images must be an image or a sequence of images, got {type(images).__name__}"
        )
    return [_frame(image, position, channels, device) for position, image in enumerate(several)]


def boxes_as_detections(boxes: Sequence[Any], images: int, device: torch.device) -> Detections:
    """Give the boxes of each image, with or without a column of scores, as detections.

    Raises
    ------
    TypeError, ValueError
        For something else than boxes, under the name ``boxes``.
    """
    if not isinstance(boxes, (Sequence, np.ndarray, torch.Tensor)) or len(boxes) != images:
        got = len(boxes) if hasattr(boxes, "__len__") else type(boxes).__name__
        raise ValueError(f"boxes must have one array for each of {images} images, got {got}")
    tables = [_box_table(value, position, device) for position, value in enumerate(boxes)]
    counts = torch.tensor([len(table) for table in tables], dtype=torch.int64, device=device)
    index = torch.repeat_interleave(torch.arange(images, device=device), counts)
    table = torch.cat(tables) if tables else _no_boxes(device)
    return Detections(table[:, :4], table[:, 4], index)


def _frame(image: Any, position: int, channels: str, device: torch.device) -> torch.Tensor:
    if isinstance(image, _PATH):
        if is_video(os.fsdecode(image)):
            raise ImageError(f"{printable(os.fsdecode(image))}: is a video: give it to stream")
        return torch.from_numpy(read_image(Path(os.fsdecode(image)))).to(device)
    name = f"images[{position}]"
    frame = image if isinstance(image, torch.Tensor) else _as_array(image, name)
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype not in (torch.uint8, np.uint8):
        raise ValueError(f"{name} must be uint8 (H, W, 3), got {frame.dtype} {tuple(frame.shape)}")
    if 0 in frame.shape:
        raise ValueError(f"{name} must have pixels, got {tuple(frame.shape)}")
    if isinstance(frame, torch.Tensor):
        _check_values(frame, name)
    if isinstance(frame, np.ndarray):
        # A copy where torch takes no such array: of negative strides, or read-only.
        frame = torch.from_numpy(np.require(frame, requirements=["C", "W"]))
    return (frame.flip(2) if channels == "bgr" else frame).to(device)


def _box_table(value: Any, position: int, device: torch.device) -> torch.Tensor:
    """Boxes in any form as float32 (M, 5) with scores, 1 where none are given."""
    name = f"boxes[{position}]"
    if isinstance(value, torch.Tensor):
        _check_values(value, name)
        if value.is_complex():
            raise TypeError(f"{name} must hold real numbers, got {value.dtype}")
        rows = value.detach().to(device, torch.float32)
    else:
        if isinstance(value, (list, tuple)):
            # Rows may be tensors, which may be on a GPU.
            value = [row.tolist() if isinstance(row, torch.Tensor) else row for row in value]
        array = _as_array(value, name)
        if array.dtype.kind == "O" and all(isinstance(number, Real) for number in array.flat):
            array = _as_floats(array, name)  # Whole numbers beyond int64.
        if array.dtype.kind not in "buif":
            raise TypeError(f"{name} must hold real numbers, got {array.dtype}")
        # numpy reads any strides and byte order; torch does not.
        with np.errstate(over="ignore"):
            rows = torch.from_numpy(np.array(array, dtype=np.float32, order="C")).to(device)
    if rows.numel() == 0:
        return _no_boxes(device)
    if rows.dim() != 2 or rows.shape[1] not in (4, 5):
        raise ValueError(f"{name} must be (M, 4) or (M, 5), got {tuple(rows.shape)}")
    if rows.shape[1] == 4:
        rows = torch.cat([rows, rows.new_ones(len(rows), 1)], dim=1)
    inverted = (rows[:, 2:4] < rows[:, :2]).any(dim=1)
    if inverted.any():
        wrong = rows[inverted][0, :4].tolist()
        raise ValueError(
            f"{name} must have x1 <= x2 and y1 <= y2, got {show(wrong)}; of x, y, width and height "
            "make x, y, x + width, y + height"
        )
    return rows


def _check_values(tensor: torch.Tensor, name: str) -> None:
    """Raise unless a tensor holds its values, one after the other."""
    if tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized:
        kind = "quantized" if tensor.is_quantized else f"{tensor.layout} on {tensor.device}"
        raise TypeError(f"{name} must be an ordinary tensor with values, got {kind}")


def _as_array(value: Any, name: str) -> np.ndarray:
    parts = value if isinstance(value, (list, tuple)) else [value]
    if any(map(np.ma.is_masked, parts)):
        raise TypeError(f"{name} must have no masked values; leave them out, or fill them")
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:  # Rows of different lengths.
        raise ValueError(f"{name} must be an array: {error}") from None


def _as_floats(array: np.ndarray, name: str) -> np.ndarray:
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} must hold numbers of float64, got {show(array)}") from None


def _no_boxes(device: torch.device) -> torch.Tensor:
    return torch.empty(0, 5, dtype=torch.float32, device=device)
