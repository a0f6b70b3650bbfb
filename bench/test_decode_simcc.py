"""Decoding SimCC: the native op, the reference, and what people write in numpy.

17 joints of 256x192 crops, two bins to a pixel, float32; two threads.
"""

import numpy as np
import pytest
import torch

import rmpe_ext
from rmpe_ext import reference


def numpy_argmax(x_maps, y_maps):
    x_maps, y_maps = x_maps.numpy(), y_maps.numpy()
    points = np.stack([x_maps.argmax(2), y_maps.argmax(2)], 2).astype(np.float32)
    scores = np.minimum(x_maps.max(2), y_maps.max(2))
    points[scores <= 0] = -1
    return points / 2, scores


IMPLEMENTATIONS = {
    "native": rmpe_ext.decode_simcc,
    "reference": reference.decode_simcc,
    "numpy": numpy_argmax,
}


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("count", [1, 8, 32, 128])
def test_decode_simcc(benchmark, count, implementation):
    benchmark.group = f"decode_simcc, {count} persons"
    benchmark(
        IMPLEMENTATIONS[implementation], torch.rand(count, 17, 384), torch.rand(count, 17, 512)
    )
