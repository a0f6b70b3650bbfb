"""Cutting people out of a frame: the native op, the reference, and what people use instead.

Each group compares implementations on one input; all give normalized float32 crops, channels first,
except ``cv2.warpAffine`` alone, which stops at 8-bit crops.
"""

import cv2
import numpy as np
import pytest
import torch

import rmpe_ext
from rmpe_ext import reference

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FRAMES = {"720p": (720, 1280), "1080p": (1080, 1920)}


def people(count, frame, size, turned):
    """A random frame and the matrices of people between a fifth and three fifths of its height."""
    rng = np.random.default_rng(count)
    height, width = FRAMES[frame]
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    h = rng.uniform(0.2, 0.6, count) * height
    w = h * rng.uniform(0.3, 0.8, count)
    x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    boxes = torch.from_numpy(np.stack([x, y, x + w, y + h], 1)).float()
    rotation = torch.from_numpy(rng.uniform(-40, 40, count)).float() if turned else None
    return image, rmpe_ext.crop_matrices(boxes, size, rotation=rotation)


def ours(module):
    def run(image, matrices, size):
        return module.crop(torch.from_numpy(image)[None], matrices, size, mean=MEAN, std=STD)

    return run


def warp_affine(image, matrices, size):
    return [cv2.warpAffine(image, m, size[::-1]) for m in matrices.double().numpy()]


def warp_affine_and_numpy(image, matrices, size):
    """One person after the other: warp, to float, normalize, transpose; then stack."""
    mean, std = np.float32(MEAN), np.float32(STD)
    crops = [
        ((crop.astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)
        for crop in warp_affine(image, matrices, size)
    ]
    return torch.from_numpy(np.stack(crops))


IMPLEMENTATIONS = {
    "native": ours(rmpe_ext),
    "reference": ours(reference),
    "cv2.warpAffine and numpy": warp_affine_and_numpy,
    "cv2.warpAffine alone": warp_affine,
}


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize(
    "count, frame, size, turned",
    [
        (1, "720p", (256, 192), False),
        (8, "720p", (256, 192), False),
        (32, "720p", (256, 192), False),
        (32, "720p", (256, 192), True),
        (32, "1080p", (384, 288), False),
        (128, "1080p", (256, 192), False),
    ],
)
def test_crop(benchmark, implementation, count, frame, size, turned):
    benchmark.group = (
        f"crop, {count} people, {size[0]}x{size[1]} from {frame}{', rotated' if turned else ''}"
    )
    benchmark(IMPLEMENTATIONS[implementation], *people(count, frame, size, turned), size)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("written", ["native", "converted"])
@pytest.mark.parametrize("count", [8, 32])
def test_crop_to_half_types(benchmark, count, written, dtype):
    benchmark.group = f"crop to {dtype}, {count} people, 256x192 from 720p"
    image, matrices = people(count, "720p", (256, 192), False)
    image, options = torch.from_numpy(image)[None], dict(mean=MEAN, std=STD)
    if written == "native":
        benchmark(lambda: rmpe_ext.crop(image, matrices, (256, 192), dtype=dtype, **options))
    else:
        benchmark(lambda: rmpe_ext.crop(image, matrices, (256, 192), **options).to(dtype))


def test_implementations_agree():
    arguments = *people(4, "720p", (256, 192), True), (256, 192)
    want = warp_affine_and_numpy(*arguments)
    for name in ("native", "reference"):
        # OpenCV rounds the crop to 8 bits, and positions to 1/32 pixel in some versions.
        difference = (IMPLEMENTATIONS[name](*arguments) - want).abs()
        assert difference.mean() < 0.02
