"""Torso alignment and k-means over poses with missing keypoints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmpe.method.atomic_poses import align_torsos, fit_atomic_poses
from rmpe.skeletons import COCO_17, Skeleton

# Three poses that differ in the arms and legs, with a torso of length 1.
GENERATOR = np.random.default_rng(7)
PLANTED = GENERATOR.normal(0, 1, (3, 17, 2))
PLANTED[:, [5, 6]] = [[0.2, -0.5], [-0.2, -0.5]]
PLANTED[:, [11, 12]] = [[0.1, 0.5], [-0.1, 0.5]]


def crowd(count, *, noise=0.02, missing=0.0):
    """People in the planted poses, anywhere in an image and of any size."""
    kind = GENERATOR.integers(0, 3, count)
    poses = PLANTED[kind] + GENERATOR.normal(0, noise, (count, 17, 2))
    size = GENERATOR.uniform(20, 300, (count, 1, 1))
    place = GENERATOR.uniform(0, 600, (count, 1, 2))
    labeled = GENERATOR.random((count, 17)) >= missing
    labeled[:, [5, 6, 11, 12]] = True
    return kind, poses * size + place, labeled


@given(st.floats(0.01, 100), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_alignment_does_not_depend_on_place_and_size(size, x, y):
    labeled = np.ones((3, 17), bool)
    aligned, _ = align_torsos(PLANTED * size + (x, y), labeled, COCO_17)
    np.testing.assert_allclose(aligned, PLANTED, atol=1e-6 * max(1, (abs(x) + abs(y)) / size))


def test_torso_runs_between_the_labeled_shoulders_and_hips():
    labeled = np.zeros((1, 17), bool)
    labeled[0, [6, 11]] = True  # right shoulder, left hip
    keypoints = np.full((1, 17, 2), 1e6)
    keypoints[0, 6], keypoints[0, 11] = (10, 10), (10, 30)
    aligned, has_torso = align_torsos(keypoints, labeled, COCO_17)
    assert has_torso.all()
    np.testing.assert_allclose(aligned[0, [6, 11]], [[0, -0.5], [0, 0.5]])
    assert np.isnan(aligned[0, [0, 5, 12]]).all()


@pytest.mark.parametrize("labeled", [[], [0, 1, 2], [5, 6], [11, 12, 13]])
def test_people_without_shoulder_or_hip_have_no_torso(labeled):
    mask = np.zeros((1, 17), bool)
    mask[0, labeled] = True
    aligned, has_torso = align_torsos(PLANTED[:1], mask, COCO_17)
    assert not has_torso.any() and np.isnan(aligned).all()


def test_torso_seen_from_its_end_counts_as_a_fifth_of_the_pose():
    keypoints = np.zeros((1, 17, 2))
    keypoints[0, 15] = (0, 100)  # an ankle, 100 pixels from a torso of length 0
    aligned, has_torso = align_torsos(keypoints, np.ones((1, 17), bool), COCO_17)
    assert has_torso.all() and np.abs(aligned).max() == pytest.approx(5)


def test_person_of_no_extent_has_no_torso():
    _, has_torso = align_torsos(np.zeros((1, 17, 2)), np.ones((1, 17), bool), COCO_17)
    assert not has_torso.any()


@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_clusters_are_the_planted_poses(missing):
    _, keypoints, labeled = crowd(600, missing=missing)
    poses = fit_atomic_poses(keypoints, labeled, COCO_17, count=3)
    for planted in PLANTED:
        assert min(np.abs(center - planted).max() for center in poses.centers) < 0.02


def test_people_are_assigned_to_the_pose_that_they_were_made_from():
    kind, keypoints, labeled = crowd(300, missing=0.3)
    poses = fit_atomic_poses(keypoints, labeled, COCO_17, count=3)
    group = poses.assign(keypoints, labeled)
    name = [np.bincount(kind[group == i]).argmax() for i in range(3)]
    assert sorted(name) == [0, 1, 2]
    assert (np.array(name)[group] == kind).mean() > 0.98


def test_largest_cluster_comes_first_and_the_result_is_repeatable():
    _, keypoints, labeled = crowd(400, missing=0.2)
    first, second = (fit_atomic_poses(keypoints, labeled, COCO_17, count=3) for _ in range(2))
    np.testing.assert_array_equal(first.centers, second.centers)
    people = np.bincount(first.assign(keypoints, labeled), minlength=4)
    assert people[0] >= people[1] >= people[2] and people[3] == 0


def test_people_without_torso_are_a_group_of_their_own():
    _, keypoints, labeled = crowd(30)
    poses = fit_atomic_poses(keypoints, labeled, COCO_17, count=3)
    labeled[4] = False
    assert poses.assign(keypoints, labeled)[4] == 3
    assert poses.assign(keypoints[:0], labeled[:0]).shape == (0,)


@pytest.mark.parametrize("count", [0, 31])
def test_count_must_be_within_the_number_of_people(count):
    _, keypoints, labeled = crowd(30)
    with pytest.raises(ValueError, match=f"count must be 1 to .* 30, got {count}"):
        fit_atomic_poses(keypoints, labeled, COCO_17, count=count)


def test_keypoint_that_nobody_has_is_named():
    _, keypoints, labeled = crowd(30)
    labeled[:, 9] = False
    with pytest.raises(ValueError, match="never labeled: left_wrist"):
        fit_atomic_poses(keypoints, labeled, COCO_17, count=2)


def test_skeleton_without_hips_is_refused():
    bust = Skeleton(
        "bust", ("left_shoulder", "right_shoulder"), limbs=(), flip_pairs=(), sigmas=None
    )
    with pytest.raises(ValueError, match="bust has no left_hip and no right_hip"):
        align_torsos(np.zeros((1, 2, 2)), np.ones((1, 2), bool), bust)
