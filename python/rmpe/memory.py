"""How much goes through the networks together: what memory lets, and no more than is of use."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import torch

from .inputs.prefetch import READ_BYTES
from .system_memory import free_memory

if TYPE_CHECKING:
    from .models.card import Card

__all__ = ["BatchLimits", "choose_batch", "choose_call"]

# The part of the free memory that is for the pixels of images. As much is for what else a batch
# consists of, and for one network call; the rest is left to the system.
_PART = 1 / 4
# One batch is in the networks, one is drawn, one is read ahead; decoders have copies of their own.
# Batches of 256 MiB, of photographs of 12 million pixels, added 3.1 times that to the peak.
_PIXELS_HELD = 4
# The input and outputs of the detector, crops and heatmaps: 5 MiB an image with the smallest
# detector (batches of 1, 8, 32 and 64 photographs of 640x480 took 763, 819, 1022 and 1267 MiB, of
# which an image's pixels are 3 MiB), and 6 MiB more with the largest, SSD300, by their shapes.
_IMAGE_BYTES = 12 << 20
# What an item takes in a network, in multiples of its input: 9 to 56 in those known, on a CPU.
_ACTIVATIONS = 64

# More bring nothing. On a CPU, several for each thread, so that none waits long for the others:
# two threads did 18.3, 21.1, 22.7, 23.9, 24.0 and 24.6 photographs a second in batches of 1, 2, 4,
# 8, 16 and 32, one thread 14 in all. On a GPU this has not been measured.
_IMAGES_PER_THREAD = 4
_CUDA_ITEMS = 64


@dataclass(frozen=True)
class BatchLimits:
    """Where a batch of images ends.

    Attributes
    ----------
    images : int
        At most so many.
    pixel_bytes : int
        The image with which the decoded ones reach this size is the last one.
    free : int, optional
        Bytes of free memory that this was chosen by.

    Examples
    --------
    >>> print(BatchLimits(8, 256 << 20, free=23 << 30))
    up to 8, or 256 MiB of pixels (23.0 GiB of memory free)
    >>> print(BatchLimits(2))
    up to 2, or 256 MiB of pixels
    """

    images: int
    pixel_bytes: int = READ_BYTES
    free: int | None = None

    def __str__(self) -> str:
        text = f"up to {self.images}, or {self.pixel_bytes >> 20} MiB of pixels"
        return text if self.free is None else f"{text} ({self.free / 2**30:.1f} GiB of memory free)"


def choose_batch(device: str | torch.device) -> BatchLimits:
    """Choose the size of a batch, from one image on.

    Parameters
    ----------
    device : str or torch.device
        Where the networks run; their memory should be loaded already.

    Returns
    -------
    BatchLimits
        What is of use, where the system does not say how much memory is free.
    """
    on_cpu = torch.device(device).type == "cpu"
    most = _IMAGES_PER_THREAD * torch.get_num_threads() if on_cpu else _CUDA_ITEMS
    free = free_memory(device)
    return BatchLimits(
        images=_fitting(free, _IMAGE_BYTES, most),
        pixel_bytes=_fitting(free, _PIXELS_HELD, READ_BYTES),
        free=free,
    )


def choose_call(card: Card, device: str | torch.device) -> int:
    """Choose how many items go into one call of a card's network: on a CPU, what the card says."""
    if torch.device(device).type == "cpu":
        return card.batch_size
    input_bytes = 4 * 3 * prod(card.input.size)
    return _fitting(free_memory(device), _ACTIVATIONS * input_bytes, _CUDA_ITEMS)


def _fitting(free: int | None, item_bytes: int, most: int) -> int:
    return most if free is None else max(1, min(int(_PART * free) // item_bytes, most))
