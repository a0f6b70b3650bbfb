"""Skeletons: order, pairs and what is refused."""

import dataclasses

import pytest

from rmpe.outputs.drawing import sides_of
from rmpe.skeletons import AIC_14, COCO_17, MPII_16, SKELETONS, WHOLEBODY_133, Skeleton


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
    pairs = [pair for pair in skeleton.flip_pairs if "face" not in skeleton.keypoints[pair[0]]]
    paired = {skeleton.keypoints[i] for pair in pairs for i in pair}
    assert paired == sided
    for a, b in pairs:
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


# Right and left of a face by iBUG's numbers, from https://ibug.doc.ic.ac.uk/resources/300-W.
FACE_PAIRS = {
    0: 16, 1: 15, 2: 14, 3: 13, 4: 12, 5: 11, 6: 10, 7: 9, 17: 26, 18: 25, 19: 24, 20: 23, 21: 22,
    31: 35, 32: 34, 36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46, 48: 54, 49: 53, 50: 52, 59: 55,
    58: 56, 60: 64, 61: 63, 67: 65,
}  # fmt: skip


def test_whole_body():
    names = WHOLEBODY_133.keypoints
    assert names[:17] == COCO_17.keypoints
    assert names[17:23] == ("left_big_toe", "left_small_toe", "left_heel",
                            "right_big_toe", "right_small_toe", "right_heel")  # fmt: skip
    assert (names[23], names[90], names[91], names[111]) == (
        "face_0", "face_67", "left_hand_root", "left_pinky_finger4",
    )  # fmt: skip
    assert (names[112], names[116], names[132]) == (
        "right_hand_root", "right_thumb4", "right_pinky_finger4",
    )  # fmt: skip
    pairs = {pair for pair in WHOLEBODY_133.flip_pairs if 23 <= pair[0] < 91}
    assert pairs == {(23 + left, 23 + right) for right, left in FACE_PAIRS.items()}
    # The sums of what COCO-WholeBody's evaluation has for the feet, the face and a hand.
    parts = (slice(17, 23), slice(23, 91), slice(91, 112))
    sums = [sum(WHOLEBODY_133.sigmas[part]) for part in parts]
    assert sums == pytest.approx([0.480, 1.137, 0.553])
    assert WHOLEBODY_133.sigmas[91:112] == WHOLEBODY_133.sigmas[112:]


def test_limbs_of_the_whole_body_do_not_cross_from_side_to_side():
    sides = sides_of(WHOLEBODY_133)
    assert not [limb for limb in WHOLEBODY_133.limbs[19:] if {sides[i] for i in limb} == {
        "left", "right"}]  # fmt: skip


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name must be text, got None"),
        ({"keypoints": "ab"}, "keypoints of skeleton stick must be a tuple of names, got 'ab'"),
        ({"keypoints": ("a", 1)}, "each of keypoints of skeleton stick must be text, got 1"),
        ({"limbs": None}, "limbs of skeleton stick must be a tuple of pairs, got None"),
        ({"limbs": (b"\0\1",)}, "limbs of skeleton stick must be pairs of whole numbers, got b"),
        ({"flip_pairs": ((0, 1.0),)}, "flip_pairs of skeleton stick must be pairs of whole numb"),
        ({"sigmas": 0.1}, "sigmas of skeleton stick must be a tuple of numbers, got 0.1"),
        ({"sigmas": (0.1, "1")}, "each of sigmas of skeleton stick must be a number, got '1'"),
        ({"sigmas": (0.1, 1j)}, "each of sigmas of skeleton stick must be a number, got 1j"),
    ],
)
def test_fields_of_other_types_are_named(change, message):
    skeleton = Skeleton("stick", ("a", "b"), limbs=((0, 1),), flip_pairs=(), sigmas=(0.1, 0.2))
    with pytest.raises(TypeError, match=message):
        dataclasses.replace(skeleton, **change)
