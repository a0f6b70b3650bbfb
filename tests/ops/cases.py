"""One use of every public op, for the tests that treat all ops alike."""

import inspect
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch

import rmpe_ext
from rmpe_ext.conventions import CONVENTIONS
from rmpe_ext.presets import PRESETS
from tests.ops.poses import make_poses

DTYPES = {
    torch.float64: "f64",
    torch.float32: "f32",
    torch.float16: "f16",
    torch.bfloat16: "bf16",
}


class Case(NamedTuple):
    """``call(ops, *make(count, dtype))`` runs the op of ``ops`` on ``count`` items.

    The first dimension of every tensor is the number of items. ``variants`` are other choices
    among the op's arguments that go with these, ``wrong`` are values that it refuses, in place of
    those of two items. Tests of all ops, on tensors and on numpy's arrays, take both from here.
    """

    make: Callable[..., tuple[torch.Tensor, ...]]
    call: Callable[..., Any]
    wrong: Sequence[dict[str, Any]]
    variants: Sequence[dict[str, Any]] = ({},)


def noise(*shape, dtype=torch.float32):
    return torch.from_numpy(np.random.default_rng(shape).uniform(size=shape)).to(dtype)


def maps(count, dtype=torch.float32):
    """Affine maps, somewhat turned, each another."""
    turned = torch.tensor([[0.71, 0.12, 0.05], [-0.13, 0.83, 0.11]])
    return (turned + 0.01 * noise(count, 2, 3)).to(dtype)


def images(count):
    return torch.from_numpy(
        np.random.default_rng(count).integers(0, 256, (count, 20, 30, 3), dtype=np.uint8)
    )


def boxes(count, dtype=torch.float32):
    return make_poses(0, count, 17, dtype=dtype)[2]


def image_index(count):
    return torch.arange(count) % 2


def heatmaps(count, dtype=torch.float32):
    return noise(count, 5, 12, 16, dtype=dtype)


def poses(count, dtype=torch.float32):
    """Poses, what orders them, and their images."""
    order = noise(count, dtype=dtype)
    return *make_poses(0, count, 17, dtype=dtype), order, image_index(count)


def people(count, dtype=torch.float32):
    """The same with the people's areas in place of their boxes."""
    keypoints, scores, boxes, order, index = poses(count, dtype)
    return keypoints, scores, (boxes[:, 2:] - boxes[:, :2]).prod(1), order, index


CASES = {
    "affine_sample": Case(
        lambda count, dtype: (noise(count, 3, 8, 6, dtype=dtype), maps(count, dtype)),
        lambda ops, input, theta: ops.affine_sample(input, theta, (4, 5)),
        wrong=[
            {"input": noise(3, 8, 6)}, {"input": noise(2, 3, 8, 6).long()}, {"theta": maps(1)},
            {"theta": maps(2).double()}, {"size": (4, 4.5)}, {"size": (4, 0)}, {"mode": "bicubic"},
        ],
        variants=[
            {"mode": mode, "padding_mode": padding}
            for mode in ("bilinear", "nearest") for padding in ("zeros", "border", "reflection")
        ],
    ),
    "crop": Case(
        lambda count, dtype: (images(count), maps(count, dtype), image_index(count)),
        lambda ops, images, matrices, index: ops.crop(
            images, matrices, (8, 6), image_index=index, mean=(0.5, 0.4, 0.3), fill=7
        ),
        wrong=[
            {"images": images(2)[0, :, :, :2]}, {"images": images(2).float()}, {"images": []},
            {"images": [images(1)[0], images(1)[0, :, :, :2]]}, {"matrices": maps(2)[0]},
            {"matrices": maps(2).half()}, {"matrices": maps(1), "image_index": None},
            {"image_index": torch.tensor([0, 2])}, {"image_index": torch.tensor([0.0, 1.0])},
            {"std": (1, 0, 1)},
        ],
        variants=[{}, {"swap_rb": True, "std": (0.2, 0.3, 0.4)}],
    ),
    "crop_matrices": Case(
        lambda count, dtype: (boxes(count, dtype), 30 * noise(count)),
        lambda ops, boxes, rotation: ops.crop_matrices(boxes, (8, 6), rotation=rotation),
        wrong=[
            {"boxes": boxes(2)[0]}, {"convention": "none"}, {"rotation": noise(3)},
            {"padding": -1.0},
        ],
        variants=[{"convention": name} for name in CONVENTIONS],
    ),
    "decode": Case(
        lambda count, dtype: (
            heatmaps(count, dtype), heatmaps(count, dtype).flip(0), maps(count), maps(count, dtype)
        ),
        lambda ops, heatmaps, flipped, matrices, theta: ops.decode(
            heatmaps, convention="dark", matrices=matrices, theta=theta,
            flipped=flipped, flip_pairs=[(0, 1)],
        ),
        wrong=[
            {"heatmaps": heatmaps(2)[0]}, {"heatmaps": heatmaps(2)[:, :, :0]},
            {"heatmaps": heatmaps(2).byte()}, {"convention": "none"}, {"matrices": maps(1)},
            {"flip_pairs": None}, {"flipped": heatmaps(2).double()}, {"stride": 0},
        ],
        variants=[
            {"convention": name, **rest}
            for name in CONVENTIONS
            for rest in ({}, dict.fromkeys(("matrices", "theta", "flipped", "flip_pairs")))
        ],
    ),
    "decode_simcc": Case(
        lambda count, dtype: (
            noise(count, 5, 32, dtype=dtype), noise(count, 5, 40, dtype=dtype), maps(count)
        ),
        lambda ops, x_maps, y_maps, matrices: ops.decode_simcc(
            x_maps, y_maps, matrices=matrices, flipped=(x_maps, y_maps), flip_pairs=[(0, 1)]
        ),
        wrong=[
            {"x_maps": noise(2, 5, 8, 6)}, {"y_maps": noise(2, 4, 40)}, {"split_ratio": 0},
        ],
        variants=[{}, {"theta": maps(30)}],
    ),
    "soft_argmax": Case(
        lambda count, dtype: (heatmaps(count, dtype),),
        lambda ops, heatmaps: ops.soft_argmax(heatmaps, beta=3.0),
        wrong=[{"heatmaps": heatmaps(2)[0]}, {"beta": 0}],
    ),
    "pose_similarity": Case(
        lambda count, dtype: make_poses(0, count, 17, dtype=dtype),
        lambda ops, keypoints, scores, boxes: ops.pose_similarity(keypoints, scores, boxes),
        wrong=[{"boxes": boxes(2).double()}],
        variants=[{"preset": name} for name in PRESETS],
    ),
    "pose_nms": Case(
        poses,
        lambda ops, keypoints, scores, boxes, order, index: ops.pose_nms(
            keypoints, scores, boxes, preset="alphapose", pose_scores=order, image_index=index
        ),
        wrong=[
            {"boxes": boxes(3)}, {"scores": noise(2, 17).double()},
            {"keypoints": torch.zeros(2, 0, 2)}, {"preset": "none"}, {"sigma3": 1.0},
            {"eta": "high"}, {"image_index": torch.zeros(2).short()},
            {"pose_scores": noise(2, 17)},
        ],
        variants=[{"preset": name} for name in PRESETS],
    ),
    "merge_poses": Case(
        lambda count, dtype: (*make_poses(0, count, 17, dtype=dtype), torch.arange(count) // 2),
        lambda ops, keypoints, scores, boxes, suppressor: ops.merge_poses(
            keypoints, scores, boxes, suppressor
        ),
        wrong=[{"suppressor": torch.arange(3)}, {"suppressor": torch.zeros(2).byte()}],
    ),
    "oks_nms": Case(
        people,
        lambda ops, keypoints, scores, areas, order, index: ops.oks_nms(
            keypoints, scores, areas, pose_scores=order, image_index=index
        ),
        wrong=[
            {"areas": noise(3)}, {"sigmas": (0.1, 0.1)}, {"sigmas": noise(2)},
            {"sigmas": (0.1,) * 16 + (0.0,)}, {"threshold": 2.0},
        ],
    ),
    "soft_oks_nms": Case(
        people,
        lambda ops, keypoints, scores, areas, order, index: ops.soft_oks_nms(
            keypoints, scores, areas, [0.07] * 17, pose_scores=order, image_index=index
        ),
        wrong=[{"max_kept": 0}],
        variants=[{}, {"max_kept": 7}],
    ),
    "nearby_joints_nms": Case(
        poses,
        lambda ops, keypoints, scores, boxes, order, index: ops.nearby_joints_nms(
            keypoints, scores, pose_scores=order, image_index=index
        ),
        wrong=[{"distance": -1.0}, {"max_near": -1}],
        variants=[{}, {"max_near": 4}],
    ),
    "box_nms": Case(
        lambda count, dtype: (boxes(count, dtype), noise(count, dtype=dtype), image_index(count)),
        lambda ops, boxes, scores, index: ops.box_nms(boxes, scores, 0.3, image_index=index),
        wrong=[{"scores": noise(2, 2)}, {"threshold": 50}],
    ),
}  # fmt: skip


def arguments(op: str, count: int = 2, dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """What the op's case passes to it, by the names of its parameters."""
    passed: dict[str, Any] = {}
    signature = inspect.signature(getattr(rmpe_ext, op))

    def record(*positional, **named):
        passed.update(signature.bind(*positional, **named).arguments)

    case = CASES[op]
    case.call(SimpleNamespace(**{op: record}), *case.make(count, dtype))
    return passed
