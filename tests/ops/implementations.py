"""The implementations of the ops, all of which have to pass the same tests."""

import functools

import pytest
import torch
from torch.utils import _pytree as pytree

import rmpe_ext
from rmpe_ext import reference


class OnCuda:
    """The ops on CUDA: tensors go there, results come back, and gradients take both ways."""

    def __getattr__(self, name):
        function = getattr(rmpe_ext, name)

        @functools.wraps(function)
        def on_cuda(*arguments, **keywords):
            there = pytree.tree_map_only(torch.Tensor, torch.Tensor.cuda, (arguments, keywords))
            return pytree.tree_map_only(
                torch.Tensor, torch.Tensor.cpu, function(*there[0], **there[1])
            )

        return on_cuda


_IMPLEMENTATIONS = {"native": rmpe_ext, "reference": reference}
if torch.cuda.is_available():
    _IMPLEMENTATIONS["cuda"] = OnCuda()


def implementations(argument):
    """The mark that runs a test once with each implementation as this argument."""
    return pytest.mark.parametrize(argument, _IMPLEMENTATIONS.values(), ids=_IMPLEMENTATIONS.keys())
