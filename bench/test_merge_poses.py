"""Merging poses: the native op, the reference, and numpy.

Each group compares implementations on one input, the result of a pose NMS.
"""

import numpy as np
import pytest
import torch

import rmpe_ext
from bench.test_pose_nms import IMAGES, POSES_PER_IMAGE, SIZES, detections
from rmpe_ext import reference


def numpy_merge(keypoints, scores, boxes, suppressor):
    """The kept poses one after the other, the joints of each at once."""
    poses, boxes, suppressor = keypoints.numpy(), boxes.numpy(), suppressor.numpy()
    weights = np.where(scores.numpy() == 0, 1e-5, scores.numpy())
    merged, merged_scores, kept = poses.copy(), scores.numpy().copy(), []
    for i in np.flatnonzero(suppressor == np.arange(len(poses))):
        members = np.flatnonzero(suppressor == i)
        reach = min(0.1 * (boxes[i, 2:] - boxes[i, :2]).max(), 15.0)
        near = np.linalg.norm(poses[members] - poses[i], axis=2) <= reach
        weight = np.where(near, weights[members], 0)
        total = weight.sum(0)
        merged[i] = (weight[..., None] * poses[members]).sum(0) / total[:, None]
        merged_scores[i] = (weight**2).sum(0) / total
        if scores[i].max() >= 0.3 and merged_scores[i].max() >= 0.3:
            kept.append(i)
    return merged, merged_scores, kept


IMPLEMENTATIONS = {
    "native": rmpe_ext.merge_poses,
    "reference": reference.merge_poses,
    "numpy": numpy_merge,
}


def bench(benchmark, implementation, keypoints, scores, boxes, image_index):
    suppressed = rmpe_ext.pose_nms(
        keypoints, scores, boxes, preset="alphapose", image_index=image_index
    )
    arguments = keypoints, scores, boxes, suppressed.suppressor
    merged, merged_scores, _ = benchmark(IMPLEMENTATIONS[implementation], *arguments)
    expected = rmpe_ext.merge_poses(*arguments)
    torch.testing.assert_close(torch.as_tensor(merged), expected.keypoints)
    torch.testing.assert_close(torch.as_tensor(merged_scores), expected.scores)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("count", SIZES)
def test_one_image(benchmark, count, implementation):
    benchmark.group = f"merge_poses, {count} poses of one image"
    bench(benchmark, implementation, *detections(count))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_many_images(benchmark, implementation):
    benchmark.group = f"merge_poses, {IMAGES} images of {POSES_PER_IMAGE} poses"
    bench(benchmark, implementation, *detections(IMAGES * POSES_PER_IMAGE, IMAGES))
