"""Decoding SimCC: 17 joints of 256x192 crops, two bins to a pixel."""

import torch

from bench.baselines.decode_simcc import BASELINES
from bench.group import Group, each_run, ours


def group(count, compiled=False):
    def inputs():
        generator = torch.Generator().manual_seed(count)
        return tuple(torch.rand(count, 17, bins, generator=generator) for bins in (384, 512))

    runs = ours(lambda module, *maps: module.decode_simcc(*maps), compiled=compiled)
    return Group(f"decode_simcc, {count} people", inputs, {**runs, **BASELINES})


GROUPS = [group(1), group(8), group(32, compiled=True), group(128)]


@each_run(GROUPS)
def test_decode_simcc(measure, group, run):
    measure(group, run)
