"""Decoding heatmaps: the native op, the reference, and what people write in numpy.

Each group compares implementations on one input: N persons of 17 joints, heatmaps of 64x48
float32. ``numpy argmax`` alone is the least that any numpy decoder does; ``read once`` sums the
heatmaps, which is as fast as memory gives them.
"""

import numpy as np
import pytest
import torch

import rmpe_ext
from rmpe_ext import reference

PERSONS = [1, 8, 32, 128]
JOINTS, HEIGHT, WIDTH = 17, 64, 48
PAIRS = tuple((joint, joint + 1) for joint in range(1, 17, 2))


def people(count):
    """Heatmaps (count, 17, 64, 48) of one bump each, over noise, and the crops' matrices."""
    rng = np.random.default_rng(count)
    x, y = rng.uniform(4, [[WIDTH - 5], [HEIGHT - 5]], (2, count * JOINTS))
    rows = np.exp(-((np.arange(HEIGHT) - y[:, None]) ** 2) / 8)
    columns = np.exp(-((np.arange(WIDTH) - x[:, None]) ** 2) / 8)
    maps = rows[:, :, None] * columns[:, None] + rng.normal(0, 1e-3, (len(x), HEIGHT, WIDTH))
    heatmaps = torch.from_numpy(maps.astype(np.float32)).view(count, JOINTS, HEIGHT, WIDTH)
    corners = torch.from_numpy(rng.uniform(0, 300, (count, 2))).float()
    boxes = torch.cat([corners, corners + torch.tensor([120.0, 300.0])], 1)
    return heatmaps, rmpe_ext.crop_matrices(boxes, (4 * HEIGHT, 4 * WIDTH))


def looped_quarter(heatmaps, matrices):
    """Argmax of all, then a loop over persons and joints, as it is mostly written."""
    count, joints, height, width = heatmaps.shape
    flat = heatmaps.reshape(count, joints, -1)
    index, scores = flat.argmax(2), flat.max(2)
    keypoints = np.stack([index % width, index // width], 2).astype(np.float32)
    keypoints *= (scores > 0)[..., None]
    for n in range(count):
        for k in range(joints):
            x, y = keypoints[n, k].astype(int)
            if 1 < x < width - 1 and 1 < y < height - 1:
                heatmap = heatmaps[n, k]
                keypoints[n, k] += 0.25 * np.sign(
                    [heatmap[y, x + 1] - heatmap[y, x - 1], heatmap[y + 1, x] - heatmap[y - 1, x]]
                )
        inverse = np.linalg.inv(np.vstack([matrices[n], [0, 0, 1]]))
        keypoints[n] = 4 * keypoints[n] @ inverse[:2, :2].T + inverse[:2, 2]
    return keypoints


def looped_newton(heatmaps, matrices):
    """DARK with the whole of each map blurred by OpenCV, as its authors publish it."""
    cv2 = pytest.importorskip("cv2")
    count, joints, height, width = heatmaps.shape
    flat = heatmaps.reshape(count, joints, -1)
    index, scores = flat.argmax(2), flat.max(2)
    keypoints = np.stack([index % width, index // width], 2).astype(np.float32)
    keypoints *= (scores > 0)[..., None]
    for n in range(count):
        for k in range(joints):
            padded = np.pad(heatmaps[n, k], 5)
            h = cv2.GaussianBlur(padded, (11, 11), 0)[5:-5, 5:-5]
            h = np.log(np.maximum(h * (scores[n, k] / h.max()), 1e-10))
            x, y = keypoints[n, k].astype(int)
            if 1 < x < width - 2 and 1 < y < height - 2:
                gradient = 0.5 * np.array([h[y, x + 1] - h[y, x - 1], h[y + 1, x] - h[y - 1, x]])
                dxx = 0.25 * (h[y, x + 2] - 2 * h[y, x] + h[y, x - 2])
                dyy = 0.25 * (h[y + 2, x] - 2 * h[y, x] + h[y - 2, x])
                corners = h[y + 1, x + 1] - h[y - 1, x + 1] - h[y + 1, x - 1] + h[y - 1, x - 1]
                hessian = np.array([[dxx, 0.25 * corners], [0.25 * corners, dyy]])
                if dxx * dyy - hessian[0, 1] ** 2 != 0:
                    keypoints[n, k] -= np.linalg.inv(hessian) @ gradient
        inverse = np.linalg.inv(np.vstack([matrices[n], [0, 0, 1]]))
        keypoints[n] = 4 * keypoints[n] @ inverse[:2, :2].T + inverse[:2, 2]
    return keypoints


def vectorized_udp(heatmaps, matrices):
    """DARK-UDP: every map blurred by OpenCV in a loop, and the steps of all joints at once."""
    cv2 = pytest.importorskip("cv2")
    count, joints, height, width = heatmaps.shape
    maps = heatmaps.reshape(-1, height, width)
    index, scores = maps.reshape(len(maps), -1).argmax(1), maps.max((1, 2))
    blurred = np.empty_like(maps)
    for i, heatmap in enumerate(maps):
        h = cv2.GaussianBlur(np.pad(heatmap, 5), (11, 11), 0)[5:-5, 5:-5]
        blurred[i] = h * (scores[i] / h.max())
    log = np.pad(np.log(blurred.clip(1e-3, 50)), ((0, 0), (1, 1), (1, 1)), mode="edge")
    item, x, y = np.arange(len(maps)), index % width, index // width

    def h(dx, dy):
        return log[item, y + dy + 1, x + dx + 1]

    gradient = np.stack([h(1, 0) - h(-1, 0), h(0, 1) - h(0, -1)], 1) / 2
    dxx = h(1, 0) - 2 * h(0, 0) + h(-1, 0)
    dyy = h(0, 1) - 2 * h(0, 0) + h(0, -1)
    dxy = h(1, 1) - h(1, 0) - h(0, 1) + 2 * h(0, 0) - h(-1, 0) - h(0, -1) + h(-1, -1)
    hessian = np.stack([dxx, dxy / 2, dxy / 2, dyy], 1).reshape(-1, 2, 2)
    hessian += np.finfo(np.float32).eps * np.eye(2, dtype=np.float32)
    points = np.stack([x, y], 1) - np.linalg.solve(hessian, gradient[..., None])[..., 0]
    points *= (np.array([4 * width, 4 * height]) - 1) / (np.array([width, height]) - 1)
    inverse = np.linalg.inv(matrices[:, :, :2])
    points = points.reshape(count, joints, 2) - matrices[:, None, :, 2]
    return points @ inverse.transpose(0, 2, 1)


def numpy_argmax(heatmaps, matrices):
    heatmaps.reshape(-1, HEIGHT * WIDTH).argmax(1)


def read_once(heatmaps, matrices):
    heatmaps.sum()


def ours(module, convention):
    def run(heatmaps, matrices):
        return module.decode(heatmaps, convention=convention, matrices=matrices)[0]

    return run


def on_arrays(function):
    def run(heatmaps, matrices):
        return function(heatmaps.numpy(), matrices.numpy())

    return run


IMPLEMENTATIONS = {
    "hrnet": {
        "native": ours(rmpe_ext, "hrnet"),
        "reference": ours(reference, "hrnet"),
        "numpy loop": on_arrays(looped_quarter),
        "numpy argmax": on_arrays(numpy_argmax),
        "read once": read_once,
    },
    "dark": {
        "native": ours(rmpe_ext, "dark"),
        "reference": ours(reference, "dark"),
        "numpy loop": on_arrays(looped_newton),
    },
    "dark_udp": {
        "native": ours(rmpe_ext, "dark_udp"),
        "reference": ours(reference, "dark_udp"),
        "numpy": on_arrays(vectorized_udp),
    },
}


@pytest.mark.parametrize(
    ("convention", "implementation"),
    [(convention, name) for convention, row in IMPLEMENTATIONS.items() for name in row],
)
@pytest.mark.parametrize("count", PERSONS)
def test_decode(benchmark, count, convention, implementation):
    benchmark.group = f"decode {convention}, {count} persons"
    heatmaps, matrices = people(count)
    keypoints = benchmark(IMPLEMENTATIONS[convention][implementation], heatmaps, matrices)
    if keypoints is not None:
        expected = rmpe_ext.decode(heatmaps, convention=convention, matrices=matrices)[0]
        np.testing.assert_allclose(np.asarray(keypoints), expected.numpy(), atol=5e-3)


@pytest.mark.parametrize("module", [rmpe_ext, reference], ids=["native", "reference"])
@pytest.mark.parametrize("convention", IMPLEMENTATIONS)
@pytest.mark.parametrize("count", PERSONS)
def test_decode_with_flip(benchmark, count, convention, module):
    benchmark.group = f"decode {convention} with flip, {count} persons"
    heatmaps, matrices = people(count)
    benchmark(
        module.decode,
        heatmaps,
        convention=convention,
        matrices=matrices,
        flipped=heatmaps.flip(3),
        flip_pairs=PAIRS,
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("read", ["native", "upcast first"])
@pytest.mark.parametrize("count", PERSONS)
def test_decode_of_half_types(benchmark, count, read, dtype):
    benchmark.group = f"decode hrnet {dtype}, {count} persons"
    heatmaps, matrices = people(count)
    heatmaps = heatmaps.to(dtype)
    if read == "native":
        benchmark(lambda: rmpe_ext.decode(heatmaps, matrices=matrices))
    else:
        benchmark(lambda: rmpe_ext.decode(heatmaps.float(), matrices=matrices))
