"""What the tests of the ops on poses share."""

import numpy as np
import pytest
import torch

from tests.ops.implementations import implementations

IMPLEMENTATIONS = implementations("nms")
SIZES = pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 63, 64, 65, 200, 1000])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def make_poses(seed, count, joints, people=None, dtype=torch.float32):
    """Several noisy poses each of some people, as a detector with redundant boxes gives them."""
    rng = np.random.default_rng(seed)
    people = people or max(1, count // 3)
    bodies = rng.uniform(0, 1, (people, joints, 2)) * rng.uniform(40, 200, (people, 1, 2))
    bodies += rng.uniform(0, 400, (people, 1, 2))
    noise = rng.normal(0, 1, (count, joints, 2)) * rng.choice([0.3, 2.0, 8.0], (count, 1, 1))
    keypoints = bodies[rng.integers(0, people, count)] + noise
    scores = rng.uniform(0.05, 1.0, (count, joints))
    boxes = np.concatenate([keypoints.min(1) - 5, keypoints.max(1) + 5], 1)
    return tuple(torch.from_numpy(a).to(dtype) for a in (keypoints, scores, boxes))


def make_crowd(count, dtype=torch.float64):
    """Poses of few enough people for the oracles; in float64, where rounding reaches no decision."""
    return make_poses(count, count, 17, people=min(count // 3, 10), dtype=dtype)


def float64(*tensors):
    return [t.double().numpy() for t in tensors]


def assert_result(result, expected):
    assert result.keep.dtype == torch.bool and result.suppressor.dtype == torch.int64
    assert result.keep.tolist() == expected.keep
    assert result.suppressor.tolist() == expected.suppressor
