"""What is measured beside busy programs: each op on one input or more, and its rival."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import rmpe_ext.numpy as ops
from bench import (
    test_affine_sample,
    test_box_nms,
    test_crop,
    test_decode,
    test_decode_simcc,
    test_merge_poses,
    test_nearby_joints_nms,
    test_oks_nms,
    test_pose_nms,
    test_soft_argmax,
)
from bench.baselines.box_nms import THRESHOLD as THRESHOLD_OF_BOXES
from bench.baselines.crop import MEAN, STD
from bench.baselines.oks_nms import THRESHOLD
from bench.group import Group

__all__ = ["Case", "cases"]


@dataclass(frozen=True)
class Case:
    """A group of the suite: its op on arrays, and which of its runs is the rival.

    Attributes
    ----------
    least
        How many times as fast as the rival it is to be with a busy program on each core. None
        where the rival does more than moving numbers, so that nobody doubts it.
    """

    group: Group
    on_arrays: Callable[..., Any] | None  # None: the op of arrays has no gradient
    rival: str
    least: float | None = None


def arrays(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays, for tensors."""
    return lambda *inputs: call(*(x.numpy() if hasattr(x, "numpy") else x for x in inputs))


def crop(image, matrices, regions, size):
    return ops.crop(image[None], matrices.numpy(), size, mean=MEAN, std=STD)


def decode(convention):
    return arrays(lambda maps, matrices: ops.decode(maps, convention=convention, matrices=matrices))


@arrays
def pose_nms(keypoints, scores, boxes, image_index):
    return ops.pose_nms(keypoints, scores, boxes, preset="alphapose", image_index=image_index)


@arrays
def pose_similarity(keypoints, scores, boxes, image_index):
    return ops.pose_similarity(keypoints, scores, boxes, preset="alphapose")


@arrays
def merge_poses(keypoints, scores, boxes, suppressor):
    return ops.merge_poses(keypoints, scores, boxes, suppressor, preset="alphapose")


@arrays
def nearby_joints_nms(keypoints, scores, image_index):
    return ops.nearby_joints_nms(keypoints, scores, image_index=image_index)


def oks(op):
    return arrays(
        lambda keypoints, scores, areas, image_index: op(
            keypoints, scores, areas, threshold=THRESHOLD, image_index=image_index
        )
    )


@arrays
def box_nms(boxes, scores, image_index):
    return ops.box_nms(boxes, scores, THRESHOLD_OF_BOXES, image_index=image_index)


def cases() -> Iterator[Case]:
    """Every op. What shares work between threads is there in sizes that do and that do not."""
    cv2, sampled = "cv2.warpAffine alone, 8 bits", "F.affine_grid and F.grid_sample"
    for group in test_crop.GROUPS[:2]:
        yield Case(group, crop, cv2)
    yield Case(test_crop.UPRIGHT_32, crop, cv2, least=2.5)
    yield Case(test_crop.ROTATED_32, crop, cv2)
    boxes = arrays(lambda boxes: ops.crop_matrices(boxes, test_crop.SMALL))
    yield Case(test_crop.MATRICES[-1], boxes, "reference")
    for group in test_affine_sample.FORWARD.values():
        yield Case(group, arrays(ops.affine_sample), sampled)
    for group in test_affine_sample.BACKWARD.values():
        yield Case(group, None, sampled)
    yield Case(test_decode.GROUPS[1], decode("hrnet"), "numpy.argmax alone")
    yield Case(test_decode.MANY["hrnet"], decode("hrnet"), "numpy.argmax alone", least=1)
    for convention in ("dark", "dark_udp"):
        yield Case(test_decode.MANY[convention], decode(convention), "numpy, a person at a time")
    softmax = arrays(lambda maps, beta: ops.soft_argmax(maps, beta=beta))
    yield Case(test_soft_argmax.FORWARD, softmax, "torch.softmax")
    yield Case(test_decode_simcc.GROUPS[2], arrays(ops.decode_simcc), "numpy argmax")
    yield Case(test_pose_nms.ONE[60], pose_nms, "PyTorch, one against the rest")
    yield Case(test_pose_nms.MANY[1300], pose_nms, "reference")
    yield Case(test_pose_nms.SIMILARITY[-1], pose_similarity, "reference")
    yield Case(test_merge_poses.GROUPS[-1], merge_poses, "reference")
    yield Case(test_nearby_joints_nms.GROUPS[-1], nearby_joints_nms, "reference")
    yield Case(test_oks_nms.GROUPS[-2], oks(ops.oks_nms), "reference")
    yield Case(test_oks_nms.GROUPS[-1], oks(ops.soft_oks_nms), "reference")
    yield Case(test_box_nms.GROUPS[-1], box_nms, "torchvision batched_nms")
