"""Uses of every op that go through both ``rmpe_ext.numpy`` and ``rmpe_ext``, on equal values."""

from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import torch
from torch.utils import _pytree as pytree

import rmpe_ext
import rmpe_ext.numpy
from tests.ops.cases import CASES as OPS
from tests.ops.cases import arguments


class Case(NamedTuple):
    """A call of ``op``; the arrays among its arguments are numpy's."""

    op: str
    arguments: dict[str, Any]


def to_tensor(array):
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(array.copy())


def to_array(tensor):
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def with_arrays(value):
    """The value with arrays for the tensors in it."""
    return pytree.tree_map_only(torch.Tensor, to_array, value)


def with_tensors(value):
    """The value with tensors for the arrays in it."""
    return pytree.tree_map_only(np.ndarray, to_tensor, value)


def map_arrays(case, function, but=()):
    """The case with other arrays, but for the arguments of these names."""
    return Case(
        case.op,
        {
            name: value if name in but else pytree.tree_map_only(np.ndarray, function, value)
            for name, value in case.arguments.items()
        },
    )


def make_cases():
    """Every op in each of its variants, on 30 items; the arrays are in float64."""
    cases = {}
    for op, row in OPS.items():
        for variant in row.variants:
            choices = [str(choice) for choice in variant.values() if not torch.is_tensor(choice)]
            values = arguments(op, 30, torch.float64) | variant
            cases[" ".join([op, *choices])] = Case(op, with_arrays(values))
    of_stack = cases["crop"].arguments
    images = [image[: 20 - i % 5] for i, image in enumerate(of_stack["images"])]
    cases["crop of a list"] = Case("crop", of_stack | {"images": images, "image_index": None})
    return cases


CASES = make_cases()


def cast(case, dtype):
    """The case with its floating arrays in another dtype."""
    return map_arrays(case, lambda array: array.astype(dtype) if array.dtype.kind == "f" else array)


def on_arrays(case):
    """The results as a tuple of arrays."""
    return _flat(getattr(rmpe_ext.numpy, case.op)(**case.arguments))


def on_tensors(case):
    """The results on tensors of the same values, as a tuple of arrays."""
    results = getattr(rmpe_ext, case.op)(**with_tensors(case.arguments))
    return tuple(map(to_array, _flat(results)))


def _flat(result):
    return tuple(result) if isinstance(result, tuple) else (result,)


def assert_same(results, expected):
    """Equal bit for bit, dtypes and shapes included."""
    assert len(results) == len(expected)
    for have, want in zip(results, expected, strict=True):
        assert isinstance(have, np.ndarray)
        assert have.dtype == want.dtype and have.shape == want.shape
        assert have.tobytes() == want.tobytes()
