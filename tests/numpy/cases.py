"""Calls of every op, written once for tensors and for arrays."""

from collections.abc import Callable
from typing import NamedTuple

import ml_dtypes
import numpy as np
import torch

import rmpe_ext
import rmpe_ext.numpy
from rmpe_ext.conventions import CONVENTIONS
from rmpe_ext.presets import PRESETS

SIZE = (16, 12)
PAIRS = [(1, 2), (3, 4)]


class Case(NamedTuple):
    """``call(ops, **arrays)`` of either package; ``arrays`` are numpy's."""

    call: Callable
    arrays: dict[str, np.ndarray]


def _maps(rng, *shape):
    return rng.normal(0, 1, shape)


def _affine(rng, count):
    return np.eye(2, 3) + rng.normal(0, 0.3, (count, 2, 3))


def _poses(rng, count=30, joints=17):
    """Noisy poses of a few people in two images."""
    people = rng.uniform(0, 300, (count // 3, joints, 2))
    keypoints = np.repeat(people, 3, axis=0) + rng.normal(0, 2, (count, joints, 2))
    return dict(
        keypoints=keypoints,
        scores=rng.uniform(0.05, 1, (count, joints)),
        boxes=np.concatenate([keypoints.min(1) - 5, keypoints.max(1) + 5], 1),
        image_index=rng.integers(0, 2, count),
    )


def make_cases(seed):
    """Every op, with every convention, preset and mode; the arrays are in float64."""
    rng = np.random.default_rng(seed)
    cases = {}

    def add(name, call, **arrays):
        cases[name] = Case(call, arrays)

    image = rng.integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    boxes = np.sort(rng.uniform(-5, 45, (7, 2, 2)), axis=1).reshape(7, 4)
    matrices = _affine(rng, 7)
    index = rng.integers(0, 3, 7)
    for mode in ("bilinear", "nearest"):
        for padding in ("zeros", "border", "reflection"):
            add(
                f"affine_sample {mode} {padding}",
                lambda ops, input, theta, options=dict(mode=mode, padding_mode=padding): (
                    ops.affine_sample(input, theta, SIZE, **options)
                ),
                input=_maps(rng, 3, 5, 20, 30),
                theta=_affine(rng, 3),
            )
    add(
        "crop",
        lambda ops, images, matrices, image_index: ops.crop(
            images, matrices, SIZE, image_index=image_index, mean=(0.4, 0.5, 0.6), swap_rb=True
        ),
        images=image,
        matrices=matrices,
        image_index=index,
    )
    add(
        "crop of a list",
        lambda ops, matrices, **images: ops.crop(list(images.values()), matrices, SIZE, fill=9.5),
        matrices=matrices[:3],
        **{f"image{i}": image[i, : 40 - i] for i in range(3)},
    )
    for convention in CONVENTIONS:
        add(
            f"crop_matrices {convention}",
            lambda ops, boxes, rotation, convention=convention: ops.crop_matrices(
                boxes, SIZE, convention=convention, rotation=rotation
            ),
            boxes=boxes,
            rotation=rng.uniform(-180, 180, 7),
        )
        add(
            f"decode {convention}",
            lambda ops, heatmaps, convention=convention: ops.decode(
                heatmaps, convention=convention
            ),
            heatmaps=_maps(rng, 5, 7, 14, 11),
        )
        add(
            f"decode {convention} into the image",
            lambda ops, convention=convention, **arrays: ops.decode(
                **arrays, convention=convention, flip_pairs=PAIRS
            ),
            heatmaps=_maps(rng, 5, 7, 14, 11),
            flipped=_maps(rng, 5, 7, 14, 11),
            matrices=_affine(rng, 5),
            theta=_affine(rng, 5),
        )
    add(
        "decode_simcc",
        lambda ops, flipped_x, flipped_y, **arrays: ops.decode_simcc(
            **arrays, flipped=(flipped_x, flipped_y), flip_pairs=PAIRS
        ),
        **{name: _maps(rng, 4, 6, 40) for name in ("x_maps", "flipped_x")},
        **{name: _maps(rng, 4, 6, 50) for name in ("y_maps", "flipped_y")},
        matrices=_affine(rng, 4),
        theta=_affine(rng, 4),
    )
    add(
        "soft_argmax",
        lambda ops, heatmaps: ops.soft_argmax(heatmaps, beta=3.0),
        heatmaps=_maps(rng, 5, 7, 14, 11),
    )
    poses = _poses(rng)
    bare = {name: poses[name] for name in ("keypoints", "scores")}
    boxed = bare | {"boxes": poses["boxes"]}
    ordered = bare | dict(pose_scores=rng.uniform(0, 1, 30), image_index=poses["image_index"])
    areas = rng.uniform(1e3, 6e4, 30)  # float16 ends at 65504
    for preset in PRESETS:
        add(
            f"pose_nms {preset}",
            lambda ops, preset=preset, **arrays: ops.pose_nms(**arrays, preset=preset),
            **ordered,
            boxes=poses["boxes"],
        )
        add(
            f"pose_similarity {preset}",
            lambda ops, preset=preset, **arrays: ops.pose_similarity(**arrays, preset=preset),
            **boxed,
        )
    add(
        "merge_poses",
        lambda ops, **arrays: ops.merge_poses(**arrays),
        **boxed,
        suppressor=np.arange(30) // 3 * 3,
    )
    add("oks_nms", lambda ops, **arrays: ops.oks_nms(**arrays), **ordered, areas=areas)
    add(
        "soft_oks_nms",
        lambda ops, **arrays: ops.soft_oks_nms(**arrays, max_kept=7),
        **ordered,
        areas=areas,
        sigmas=rng.uniform(0.02, 0.1, 17),
    )
    add(
        "nearby_joints_nms",
        lambda ops, **arrays: ops.nearby_joints_nms(**arrays, max_near=4),
        **ordered,
    )
    add(
        "box_nms",
        lambda ops, **arrays: ops.box_nms(**arrays, threshold=0.3),
        boxes=np.repeat(boxes, 2, axis=0) + rng.normal(0, 1, (14, 4)),
        scores=rng.uniform(0, 1, 14),
        image_index=rng.integers(0, 2, 14),
    )
    return cases


CASES = make_cases(0)


def cast(case, dtype):
    """The case with its floating arrays in another dtype."""
    return Case(
        case.call,
        {n: a.astype(dtype) if a.dtype.kind == "f" else a for n, a in case.arrays.items()},
    )


def on_arrays(case):
    """The results as a tuple of arrays."""
    return _flat(case.call(rmpe_ext.numpy, **case.arrays))


def on_tensors(case):
    """The results on tensors of the same values, as a tuple of arrays."""
    tensors = {name: to_tensor(array) for name, array in case.arrays.items()}
    return tuple(map(to_array, _flat(case.call(rmpe_ext, **tensors))))


def _flat(result):
    return tuple(result) if isinstance(result, tuple) else (result,)


def to_tensor(array):
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(array.copy())


def to_array(tensor):
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def assert_same(results, expected):
    """Equal bit for bit, dtypes and shapes included."""
    assert len(results) == len(expected)
    for have, want in zip(results, expected, strict=True):
        assert isinstance(have, np.ndarray)
        assert have.dtype == want.dtype and have.shape == want.shape
        assert have.tobytes() == want.tobytes()
