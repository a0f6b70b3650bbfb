"""Cutting people out of a frame: normalized float32 crops, channels first."""

import torch

import rmpe_ext
from bench.baselines.crop import ALONE, BASELINES, MEAN, STD, UPRIGHT
from bench.group import Group, each_run, one_thread, ours
from bench.inputs import people


def native(module, image, matrices, regions, size, **options):
    return module.crop(torch.from_numpy(image)[None], matrices, size, mean=MEAN, std=STD, **options)


def group(count, frame, size, *, turned=False, compiled=False):
    name = f"crop, {count} people, {size[0]}x{size[1]} from {frame}"
    runs = {**ours(native, compiled=compiled), **BASELINES, **({} if turned else UPRIGHT), **ALONE}
    return Group(
        name + ", rotated" * turned,
        lambda: people(count, frame, size, turned=turned),
        runs,
    )


SMALL, LARGE = (256, 192), (384, 288)
UPRIGHT_32 = group(32, "720p", SMALL, compiled=True)
ROTATED_32 = group(32, "720p", SMALL, turned=True, compiled=True)
GROUPS = [
    group(1, "720p", SMALL),
    group(8, "720p", SMALL),
    UPRIGHT_32,
    ROTATED_32,
    one_thread(group(32, "720p", SMALL)),
    one_thread(group(32, "720p", SMALL, turned=True)),
    group(32, "720p", LARGE),
    group(8, "1080p", LARGE),
    group(32, "1080p", LARGE),
    group(128, "1080p", SMALL),
    group(128, "1080p", SMALL, turned=True),
]


@each_run(GROUPS)
def test_crop(measure, group, run):
    measure(group, run)


def half_group(dtype):
    """Crops written in a 16-bit type, or in float32 and converted."""

    def written(*inputs):
        return native(rmpe_ext, *inputs, dtype=dtype)

    def converted(*inputs):
        return native(rmpe_ext, *inputs).to(dtype)

    return Group(
        f"crop to {str(dtype).removeprefix('torch.')}, 32 people, 256x192 from 720p",
        lambda: people(32, "720p", SMALL),
        {"native": written, "native, then converted": converted},
    )


@each_run([half_group(torch.float16), half_group(torch.bfloat16)])
def test_crop_to_half_types(measure, group, run):
    measure(group, run)


def matrices_group(count):
    return Group(
        f"crop_matrices, {count} people",
        lambda: (torch.tensor([[100.0, 50.0, 300.0, 550.0]]).expand(count, 4),),
        ours(lambda module, boxes: module.crop_matrices(boxes, SMALL), compiled=True),
    )


MATRICES = [matrices_group(1), matrices_group(128)]


@each_run(MATRICES)
def test_crop_matrices(measure, group, run):
    measure(group, run)
