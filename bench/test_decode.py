"""Decoding heatmaps into keypoints in the image."""

import torch

import rmpe_ext
from bench.baselines.decode import BASELINES, READ
from bench.group import Group, each_run, one_thread, ours
from bench.inputs import heatmaps

PAIRS = tuple((joint, joint + 1) for joint in range(1, 17, 2))


def group(convention, count, *, joints=17, size=(64, 48), compiled=False):
    def decode(module, heatmaps, matrices):
        return module.decode(heatmaps, convention=convention, matrices=matrices)[0]

    read = READ if convention == "hrnet" else {}
    return Group(
        f"decode {convention}, {count}x{joints}x{size[0]}x{size[1]}",
        lambda: heatmaps(count, joints, *size),
        {**ours(decode, compiled=compiled), **BASELINES[convention], **read},
    )


MANY = {convention: group(convention, 64) for convention in BASELINES}
GROUPS = [
    *(group("hrnet", count, compiled=count == 32) for count in (1, 8, 32, 128)),
    one_thread(group("hrnet", 32)),
    one_thread(group("dark", 32)),
    group("hrnet", 32, size=(96, 72)),
    group("hrnet", 8, joints=133),
    *(
        group(name, count, compiled=count == 8)
        for name in ("dark", "dark_udp")
        for count in (1, 8, 32, 128)
    ),
    *MANY.values(),
]


@each_run(GROUPS)
def test_decode(measure, group, run):
    measure(group, run)


def flipped_group(convention, count):
    def averaged(module, maps, flipped, matrices):
        options = dict(convention=convention, matrices=matrices)
        return module.decode(maps, flipped=flipped, flip_pairs=PAIRS, **options)

    def inputs():
        maps, matrices = heatmaps(count)
        return maps, maps.flip(3), matrices

    return Group(f"decode {convention}, flip averaged, {count}x17x64x48", inputs, ours(averaged))


@each_run([flipped_group("hrnet", 32), flipped_group("dark_udp", 32)])
def test_decode_flip_averaged(measure, group, run):
    measure(group, run)


def half_group(dtype):
    """Heatmaps read in a 16-bit type, or converted to float32 and read."""

    def inputs():
        maps, matrices = heatmaps(32)
        return maps.to(dtype), matrices

    def read(maps, matrices):
        return rmpe_ext.decode(maps, matrices=matrices)

    def converted(maps, matrices):
        return rmpe_ext.decode(maps.float(), matrices=matrices)

    return Group(
        f"decode hrnet {str(dtype).removeprefix('torch.')}, 32x17x64x48",
        inputs,
        {"native": read, "converted, then native": converted},
    )


@each_run([half_group(torch.float16), half_group(torch.bfloat16)])
def test_decode_half_types(measure, group, run):
    measure(group, run)
