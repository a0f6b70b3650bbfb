"""Beside an op, PyTorch moving the bytes that the op has to move, and computing nothing.

Ops that compare poses move next to none: csrc/cpu counts their operations.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import torch

from bench import test_affine_sample, test_crop, test_decode, test_decode_simcc, test_soft_argmax
from bench.baselines.decode import READ
from bench.group import NATIVE, Group

__all__ = ["MEMORY_BOUND", "MEMORY_BOUNDS"]

MEMORY_BOUND = "moving the bytes alone"


def memory_bound(group: Group, move) -> Group:
    """The native run of a group, and what moves as many bytes: ``move(*inputs)``."""
    return replace(group, runs={NATIVE: group.runs[NATIVE], MEMORY_BOUND: move})


@functools.cache
def output(shape):
    """Memory for a result, taken once: taking it anew would cost time too."""
    return torch.empty(shape)


def write_crops(image, matrices, regions, size):
    """The frame's pixels, a seventh of the bytes, are not read."""
    return output((len(matrices), 3, *size)).fill_(1.0)


def write_samples(input, theta, size):
    return output(input.shape).copy_(input)


def read_vectors(x, y):
    return x.sum(), y.sum()


read_maps = READ["torch.sum alone"]

MEMORY_BOUNDS = [
    memory_bound(test_crop.UPRIGHT_32, write_crops),
    memory_bound(test_crop.ROTATED_32, write_crops),
    *(memory_bound(group, write_samples) for group in test_affine_sample.FORWARD.values()),
    *(memory_bound(group, read_maps) for group in test_decode.MANY.values()),
    memory_bound(test_decode_simcc.GROUPS[2], read_vectors),
    memory_bound(test_soft_argmax.FORWARD, read_maps),
]
