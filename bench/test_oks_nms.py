"""OKS NMS, hard and soft: the native ops, the reference, and the loops that people use instead.

Each group compares implementations on one input.
"""

import numpy as np
import pytest

import rmpe_ext
from bench.test_pose_nms import IMAGES, POSES_PER_IMAGE, SIZES, detections
from rmpe_ext import reference
from rmpe_ext.sigmas import COCO_SIGMAS

THRESHOLD, MAX_KEPT = 0.9, 20
VARIANCES = (2 * np.array(COCO_SIGMAS)) ** 2


def people(count, images=1):
    """Four noisy poses of each person, their areas, and which image they are in."""
    keypoints, scores, boxes, image_index = detections(count, images)
    return keypoints, scores, (boxes[:, 2:] - boxes[:, :2]).prod(1), image_index


def looped_oks(pose, others, area, areas):
    """OKS of one pose with others, in numpy, one of them after the other."""
    oks = np.empty(len(others))
    for i, other in enumerate(others):
        d2 = (other[:, 0] - pose[:, 0]) ** 2 + (other[:, 1] - pose[:, 1]) ** 2
        e = d2 / VARIANCES / ((area + areas[i]) / 2 + np.spacing(1)) / 2
        oks[i] = np.sum(np.exp(-e)) / len(e)
    return oks


def vectorized_oks(pose, others, area, areas):
    """The same with the others compared at once."""
    d2 = ((others - pose) ** 2).sum(2)
    e = d2 / VARIANCES / ((area + areas) / 2 + np.spacing(1))[:, None] / 2
    return np.exp(-e).mean(1)


def numpy_oks_nms(oks):
    def run(keypoints, scores, areas, image_index):
        keypoints, scores, areas = (a.numpy() for a in (keypoints, scores, areas))
        kept = []
        for image in np.unique(image_index.numpy()):
            left = np.flatnonzero(image_index.numpy() == image)
            left = left[np.argsort(-scores[left].mean(1), kind="stable")]
            while len(left):
                best, left = left[0], left[1:]
                kept.append(best)
                similarity = oks(keypoints[best], keypoints[left], areas[best], areas[left])
                left = left[similarity <= THRESHOLD]
        return sorted(kept)

    return run


def numpy_soft_oks_nms(oks):
    def run(keypoints, scores, areas, image_index):
        keypoints, scores, areas = (a.numpy() for a in (keypoints, scores, areas))
        kept = []
        for image in np.unique(image_index.numpy()):
            left = np.flatnonzero(image_index.numpy() == image)
            current = scores[left].mean(1)
            for _ in range(MAX_KEPT):
                if not len(left):
                    break
                order = np.argsort(-current, kind="stable")
                left, current = left[order], current[order]
                best, left, current = left[0], left[1:], current[1:]
                kept.append(best)
                similarity = oks(keypoints[best], keypoints[left], areas[best], areas[left])
                current = current * np.exp(-(similarity**2) / THRESHOLD)
        return sorted(kept)

    return run


def ours(module, name):
    def run(keypoints, scores, areas, image_index):
        function = getattr(module, name)
        return function(keypoints, scores, areas, image_index=image_index, threshold=THRESHOLD)

    return run


OPS = {
    op: {
        "native": ours(rmpe_ext, op),
        "reference": ours(reference, op),
        "vectorized numpy": loop(vectorized_oks),
        "numpy loop": loop(looped_oks),
    }
    for op, loop in (("oks_nms", numpy_oks_nms), ("soft_oks_nms", numpy_soft_oks_nms))
}
IMPLEMENTATIONS = list(OPS["oks_nms"])


def bench(benchmark, op, implementation, poses):
    result = benchmark(OPS[op][implementation], *poses)
    kept = result if isinstance(result, list) else result.keep.nonzero()[:, 0].tolist()
    assert kept == OPS[op]["native"](*poses).keep.nonzero()[:, 0].tolist()


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("op", OPS)
def test_one_image(benchmark, op, count, implementation):
    benchmark.group = f"{op}, {count} poses of one image"
    bench(benchmark, op, implementation, people(count))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("op", OPS)
def test_many_images(benchmark, op, implementation):
    benchmark.group = f"{op}, {IMAGES} images of {POSES_PER_IMAGE} poses"
    bench(benchmark, op, implementation, people(IMAGES * POSES_PER_IMAGE, IMAGES))
