"""One use of every public op, for the tests that treat all ops alike."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from tests.ops.poses import make_poses

DTYPES = {
    torch.float64: "f64",
    torch.float32: "f32",
    torch.float16: "f16",
    torch.bfloat16: "bf16",
}


class Case(NamedTuple):
    """``call(ops, *make(count, dtype))`` runs the op of ``ops`` on ``count`` items.

    The first dimension of every tensor is the number of items.
    """

    make: Callable[..., tuple[torch.Tensor, ...]]
    call: Callable[..., Any]


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
    ),
    "crop": Case(
        lambda count, dtype: (images(count), maps(count, dtype), image_index(count)),
        lambda ops, images, matrices, index: ops.crop(
            images, matrices, (8, 6), image_index=index, mean=(0.5, 0.4, 0.3), fill=7
        ),
    ),
    "crop_matrices": Case(
        lambda count, dtype: (boxes(count, dtype), 30 * noise(count)),
        lambda ops, boxes, rotation: ops.crop_matrices(boxes, (8, 6), rotation=rotation),
    ),
    "decode": Case(
        lambda count, dtype: (
            heatmaps(count, dtype), heatmaps(count, dtype).flip(0), maps(count), maps(count, dtype)
        ),
        lambda ops, heatmaps, flipped, matrices, theta: ops.decode(
            heatmaps, convention="dark", matrices=matrices, theta=theta,
            flipped=flipped, flip_pairs=[(0, 1)],
        ),
    ),
    "decode_simcc": Case(
        lambda count, dtype: (
            noise(count, 5, 32, dtype=dtype), noise(count, 5, 40, dtype=dtype), maps(count)
        ),
        lambda ops, x_maps, y_maps, matrices: ops.decode_simcc(
            x_maps, y_maps, matrices=matrices, flipped=(x_maps, y_maps), flip_pairs=[(0, 1)]
        ),
    ),
    "soft_argmax": Case(
        lambda count, dtype: (heatmaps(count, dtype),),
        lambda ops, heatmaps: ops.soft_argmax(heatmaps, beta=3.0),
    ),
    "pose_similarity": Case(
        lambda count, dtype: make_poses(0, count, 17, dtype=dtype),
        lambda ops, keypoints, scores, boxes: ops.pose_similarity(keypoints, scores, boxes),
    ),
    "pose_nms": Case(
        poses,
        lambda ops, keypoints, scores, boxes, order, index: ops.pose_nms(
            keypoints, scores, boxes, preset="alphapose", pose_scores=order, image_index=index
        ),
    ),
    "merge_poses": Case(
        lambda count, dtype: (*make_poses(0, count, 17, dtype=dtype), torch.arange(count) // 2),
        lambda ops, keypoints, scores, boxes, suppressor: ops.merge_poses(
            keypoints, scores, boxes, suppressor
        ),
    ),
    "oks_nms": Case(
        people,
        lambda ops, keypoints, scores, areas, order, index: ops.oks_nms(
            keypoints, scores, areas, pose_scores=order, image_index=index
        ),
    ),
    "soft_oks_nms": Case(
        people,
        lambda ops, keypoints, scores, areas, order, index: ops.soft_oks_nms(
            keypoints, scores, areas, [0.07] * 17, pose_scores=order, image_index=index
        ),
    ),
    "nearby_joints_nms": Case(
        poses,
        lambda ops, keypoints, scores, boxes, order, index: ops.nearby_joints_nms(
            keypoints, scores, pose_scores=order, image_index=index
        ),
    ),
    "box_nms": Case(
        lambda count, dtype: (boxes(count, dtype), noise(count, dtype=dtype), image_index(count)),
        lambda ops, boxes, scores, index: ops.box_nms(boxes, scores, 0.3, image_index=index),
    ),
}  # fmt: skip
