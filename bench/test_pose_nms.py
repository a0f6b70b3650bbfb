"""Pose NMS and box NMS: the native ops, the reference, and what people use instead.

Each group compares implementations on one input.
"""

import numpy as np
import pytest
import torch

import rmpe_ext
from rmpe_ext import reference
from rmpe_ext.presets import PRESETS

SIZES = [5, 20, 60, 200]  # poses of one image
IMAGES, POSES_PER_IMAGE = 1300, 8


def detections(count, images=1):
    """Four noisy poses of each person, on the 17 joints of COCO, and which image they are in."""
    rng = np.random.default_rng(count)
    people = max(1, count // 4)
    bodies = rng.uniform(0, 1, (people, 17, 2)) * [80, 200] + rng.uniform(0, 400, (people, 1, 2))
    person = np.arange(count) % people
    keypoints = bodies[person] + rng.normal(0, 1.5, (count, 17, 2))
    scores = rng.uniform(0.2, 1.0, (count, 17))
    boxes = np.concatenate([keypoints.min(1) - 10, keypoints.max(1) + 10], 1)
    poses = tuple(torch.from_numpy(a).float() for a in (keypoints, scores, boxes))
    return *poses, torch.from_numpy(person * images // people)


def looped_pose_nms(keypoints, scores, boxes, image_index, p):
    """The alphapose preset as it is mostly written: pick, compare with the rest one by one."""
    kept = []
    means = scores.mean(1)
    for image in image_index.unique():
        left = (image_index == image).nonzero()[:, 0].tolist()
        while left:
            best = max(left, key=lambda i: means[i].item())
            kept.append(best)
            left.remove(best)
            x1, y1, x2, y2 = boxes[best].tolist()
            near = min(p.near_box * max(x2 - x1, y2 - y1), p.near_radius)
            survivors = []
            for other in left:
                distance = (keypoints[other] - keypoints[best]).norm(dim=1)
                weight = torch.tanh(scores[best] / p.sigma1) * torch.tanh(scores[other] / p.sigma1)
                d = (
                    weight[distance <= p.match_radius].sum()
                    + p.lam * torch.exp(-distance / p.sigma2).sum()
                )
                if d <= p.eta and (distance <= near).sum() < p.near_joints:
                    survivors.append(other)
            left = survivors
    return sorted(kept)


def vectorized_pose_nms(keypoints, scores, boxes, image_index, p):
    """The same with the rest compared at once, one call of PyTorch for each term."""
    kept = []
    for image in image_index.unique():
        left = (image_index == image).nonzero()[:, 0]
        left = left[scores[left].mean(1).argsort(descending=True)]
        while len(left):
            best, left = left[0], left[1:]
            kept.append(best.item())
            box = boxes[best]
            near = torch.clamp(p.near_box * (box[2:] - box[:2]).max(), max=p.near_radius)
            distance = (keypoints[left] - keypoints[best]).norm(dim=2)
            weight = torch.tanh(scores[best] / p.sigma1) * torch.tanh(scores[left] / p.sigma1)
            d = (weight * (distance <= p.match_radius)).sum(1)
            d = d + p.lam * torch.exp(-distance / p.sigma2).sum(1)
            left = left[(d <= p.eta) & ((distance <= near).sum(1) < p.near_joints)]
    return sorted(kept)


def ours(module):
    def run(keypoints, scores, boxes, image_index, preset):
        return module.pose_nms(keypoints, scores, boxes, preset=preset, image_index=image_index)

    return run


POSE_NMS = {
    "native": ours(rmpe_ext),
    "reference": ours(reference),
    "vectorized PyTorch": vectorized_pose_nms,
    "PyTorch loop": looped_pose_nms,
}


def bench_pose_nms(benchmark, implementation, poses):
    run = POSE_NMS[implementation]
    result = benchmark(run, *poses, PRESETS["alphapose"])
    kept = result if isinstance(result, list) else result.keep.nonzero()[:, 0].tolist()
    expected = rmpe_ext.pose_nms(*poses[:3], preset="alphapose", image_index=poses[3]).keep
    assert kept == expected.nonzero()[:, 0].tolist()


@pytest.mark.parametrize("implementation", POSE_NMS)
@pytest.mark.parametrize("count", SIZES)
def test_one_image(benchmark, count, implementation):
    benchmark.group = f"pose_nms, {count} poses of one image"
    bench_pose_nms(benchmark, implementation, detections(count))


@pytest.mark.parametrize("implementation", POSE_NMS)
def test_many_images(benchmark, implementation):
    benchmark.group = f"pose_nms, {IMAGES} images of {POSES_PER_IMAGE} poses"
    bench_pose_nms(benchmark, implementation, detections(IMAGES * POSES_PER_IMAGE, IMAGES))


@pytest.mark.parametrize("module", [rmpe_ext, reference], ids=["native", "reference"])
@pytest.mark.parametrize("count", SIZES)
def test_similarity(benchmark, count, module):
    benchmark.group = f"pose_similarity, {count} poses"
    benchmark(module.pose_similarity, *detections(count)[:3], preset="alphapose")


@pytest.mark.parametrize("implementation", ["native", "reference", "torchvision"])
@pytest.mark.parametrize(("count", "images"), [(100, 1), (1000, 1), (10000, 100)])
def test_boxes(benchmark, count, images, implementation):
    benchmark.group = f"box_nms, {count} boxes of {images} images"
    rng = np.random.default_rng(count)
    corner, size = rng.uniform(0, 500, (count, 2)), rng.uniform(20, 150, (count, 2))
    boxes = torch.from_numpy(np.concatenate([corner, corner + size], 1)).float()
    scores, index = torch.from_numpy(rng.uniform(size=count)).float(), torch.arange(count) % images
    if implementation == "torchvision":
        batched_nms = pytest.importorskip("torchvision").ops.batched_nms
        benchmark(batched_nms, boxes, scores, index, 0.5)
    else:
        module = {"native": rmpe_ext, "reference": reference}[implementation]
        benchmark(module.box_nms, boxes, scores, 0.5, image_index=index)
