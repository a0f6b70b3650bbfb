"""Nearby-joints NMS: the native op, the reference, and numpy.

Each group compares implementations on one input.
"""

import numpy as np
import pytest

import rmpe_ext
from bench.test_pose_nms import IMAGES, POSES_PER_IMAGE, SIZES, detections
from rmpe_ext import reference


def numpy_nms(keypoints, scores, image_index):
    """All pairs of an image at once, then pick and drop."""
    keypoints, scores = keypoints.numpy(), scores.numpy()
    kept = []
    for image in np.unique(image_index.numpy()):
        own = np.flatnonzero(image_index.numpy() == image)
        poses = keypoints[own]
        reach = 0.05 * np.linalg.norm(poses.max(1) - poses.min(1), axis=1)
        distance = np.linalg.norm(poses[:, None] - poses, axis=3)
        similar = (distance <= reach[:, None, None]).sum(2) > poses.shape[1] // 2
        alive = np.ones(len(own), bool)
        for i in np.argsort(-scores[own].mean(1), kind="stable"):
            if alive[i]:
                alive &= ~similar[i]
                kept.append(own[i])
    return sorted(kept)


def ours(module):
    def run(keypoints, scores, image_index):
        return module.nearby_joints_nms(keypoints, scores, image_index=image_index)

    return run


IMPLEMENTATIONS = {"native": ours(rmpe_ext), "reference": ours(reference), "numpy": numpy_nms}


def bench(benchmark, implementation, keypoints, scores, boxes, image_index):
    result = benchmark(IMPLEMENTATIONS[implementation], keypoints, scores, image_index)
    kept = result if isinstance(result, list) else result.keep.nonzero()[:, 0].tolist()
    expected = rmpe_ext.nearby_joints_nms(keypoints, scores, image_index=image_index).keep
    assert kept == expected.nonzero()[:, 0].tolist()


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("count", SIZES)
def test_one_image(benchmark, count, implementation):
    benchmark.group = f"nearby_joints_nms, {count} poses of one image"
    bench(benchmark, implementation, *detections(count))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_many_images(benchmark, implementation):
    benchmark.group = f"nearby_joints_nms, {IMAGES} images of {POSES_PER_IMAGE} poses"
    bench(benchmark, implementation, *detections(IMAGES * POSES_PER_IMAGE, IMAGES))
