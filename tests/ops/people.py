"""People with areas, for the tests of the suppressions by object keypoint similarity."""

import numpy as np
import torch
from hypothesis import strategies as st

from tests.ops.poses import make_poses

CASES = {
    "seed": st.integers(0, 2**32 - 1),
    "count": st.integers(0, 40),
    "joints": st.sampled_from([1, 2, 14, 17, 133]),
    "images": st.one_of(st.none(), st.integers(1, 8)),
    "ordered": st.booleans(),
    "dtype": st.sampled_from([torch.float32, torch.float64]),
}


def make_people(seed, count, joints=17, people=None, dtype=torch.float32):
    """Poses and their areas."""
    keypoints, scores, boxes = make_poses(seed, count, joints, people, dtype)
    return keypoints, scores, areas_of(boxes)


def areas_of(boxes):
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)


def make_sigmas(joints):
    return torch.from_numpy(np.random.default_rng(joints).uniform(0.025, 0.11, joints))


def copies(count):
    """The same pose ``count`` times."""
    return [a.repeat(count, *[1] * (a.dim() - 1)) for a in make_people(4, 1)]


def rounding(dtype):
    return 1e-5 if dtype == torch.float32 else 1e-12


def draw(seed, count, joints, images, ordered, dtype):
    """What an example is about: poses, keywords, and the keywords as the oracle takes them."""
    rng = np.random.default_rng(seed)
    poses = *make_people(seed, count, joints, dtype=dtype), make_sigmas(joints).to(dtype)
    keywords = {}
    if images is not None:
        keywords["image_index"] = torch.from_numpy(rng.integers(-images, images, count))
    if ordered:
        keywords["pose_scores"] = torch.from_numpy(rng.uniform(0.1, 2, count)).to(dtype)
    return poses, keywords, {name: value.tolist() for name, value in keywords.items()}


def assert_soft_result(result, expected, dtype, threshold=0.9):
    """Scores decay as exp(-OKS^2 / threshold): a small threshold magnifies the rounding of OKS."""
    assert result.keep.dtype == torch.bool and result.rank.dtype == torch.int64
    assert result.pose_scores.dtype == dtype
    assert result.rank.tolist() == expected.rank
    assert result.keep.tolist() == expected.keep
    rtol = rounding(dtype) * max(1.0, 0.5 / threshold)
    np.testing.assert_allclose(
        result.pose_scores.double().numpy(), expected.pose_scores, rtol=rtol, atol=0
    )
