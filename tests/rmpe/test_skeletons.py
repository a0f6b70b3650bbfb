"""Skeletons: order, pairs and what is refused."""

import dataclasses

import pytest

from rmpe.skeletons import AIC_14, COCO_17, MPII_16, SKELETONS, Skeleton


def test_skeletons_are_found_by_name():
    assert SKELETONS["coco_17"] is COCO_17
    assert SKELETONS["aic_14"] is AIC_14
    assert all(skeleton.name == name for name, skeleton in SKELETONS.items())


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
def test_the_number_of_keypoints_is_that_in_the_name(skeleton):
    assert len(skeleton) == int(skeleton.name.rpartition("_")[2])


def test_sigmas_that_nobody_published_are_like_cocos():
    assert COCO_17.likely_sigmas == COCO_17.sigmas
    mean = sum(COCO_17.sigmas) / 17
    assert MPII_16.likely_sigmas == pytest.approx((mean,) * 16)


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
def test_flip_pairs_are_all_left_and_right_of_one_joint(skeleton):
    sided = {k for k in skeleton.keypoints if k.startswith(("left_", "right_"))}
    paired = {skeleton.keypoints[i] for pair in skeleton.flip_pairs for i in pair}
    assert paired == sided
    for a, b in skeleton.flip_pairs:
        names = {skeleton.keypoints[a], skeleton.keypoints[b]}
        joint = skeleton.keypoints[a].split("_", 1)[1]
        assert names == {f"left_{joint}", f"right_{joint}"}


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
def test_limbs_are_mirror_images_of_each_other_and_reach_every_keypoint(skeleton):
    mirror = {i: i for i in range(len(skeleton))}
    for a, b in skeleton.flip_pairs:
        mirror[a], mirror[b] = b, a
    limbs = {frozenset(limb) for limb in skeleton.limbs}
    assert {frozenset(mirror[i] for i in limb) for limb in limbs} == limbs
    assert set().union(*limbs) == set(range(len(skeleton)))


def test_coco_sigmas_are_those_of_the_evaluation():
    from pycocotools.cocoeval import Params

    assert COCO_17.sigmas == pytest.approx(Params("keypoints").kpt_oks_sigmas)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keypoints": ()}, "keypoints of skeleton s must be distinct names, .* got none"),
        ({"keypoints": ("a", "b", "a")}, "distinct names, at least one, got 'a' twice"),
        ({"limbs": ((0, 3),)}, r"limbs of skeleton s .* indices in 0..2, got \(0, 3\)"),
        ({"limbs": ((0, -1),)}, r"limbs of skeleton s .* got \(0, -1\)"),
        ({"limbs": ((0, 1, 2),)}, r"limbs of skeleton s must be pairs .* got \(0, 1, 2\)"),
        ({"flip_pairs": ((1, 1),)}, r"flip_pairs of skeleton s must be pairs .* got \(1, 1\)"),
        ({"flip_pairs": ((0, 1), (1, 2))}, r"each keypoint at most once, got 1 \(b\) twice"),
        ({"sigmas": (0.1,)}, "one value for each of its 3 keypoints, got 1"),
        ({"sigmas": (0.1, 0.0, 0.1)}, "must be above 0, got 0.0"),
        ({"sigmas": (0.1, float("nan"), 0.1)}, "must be above 0, got nan"),
    ],
)
def test_contradictions_are_refused(change, message):
    good = Skeleton("s", ("a", "b", "c"), ((0, 1),), ((0, 1),), (0.1, 0.1, 0.1))
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(good, **change)
