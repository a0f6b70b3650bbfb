"""Beside an op, PyTorch moving the bytes that the op has to move, and computing nothing.

Ops that compare poses move next to none: csrc/cpu counts their operations.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import torch

from bench import test_affine_sample, test_crop, test_decode, test_decode_simcc, test_soft_argmax
from bench.group import NATIVE, Group
from bench.rivals.decode import READ

__all__ = ["FLOOR", "FLOORS"]

FLOOR = "moving the bytes alone"


def floor(group: Group, move) -> Group:
    """The native run of a group, and what moves as many bytes: ``move(*inputs)``."""
    return replace(group, runs={NATIVE: group.runs[NATIVE], FLOOR: move})


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

FLOORS = [
    floor(test_crop.UPRIGHT_32, write_crops),
    floor(test_crop.ROTATED_32, write_crops),
    *(floor(group, write_samples) for group in test_affine_sample.FORWARD.values()),
    *(floor(group, read_maps) for group in test_decode.MANY.values()),
    floor(test_decode_simcc.GROUPS[2], read_vectors),
    floor(test_soft_argmax.FORWARD, read_maps),
]
