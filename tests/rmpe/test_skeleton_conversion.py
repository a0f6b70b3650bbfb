"""Keypoints of one skeleton as those of another: the same places, middles, and refusals."""

import re

import pytest

from rmpe.skeleton_conversion import Conversion
from rmpe.skeletons import (
    AIC_14,
    BODY_25,
    COCO_17,
    CROWDPOSE_14,
    HALPE_26,
    MPII_16,
    OPENPOSE_18,
    SKELETONS,
    WHOLEBODY_133,
)

PAIRS = [
    (COCO_17, OPENPOSE_18, ("neck",)),
    (HALPE_26, BODY_25, ()),
    (HALPE_26, COCO_17, ()),
    (HALPE_26, OPENPOSE_18, ()),
    (BODY_25, COCO_17, ()),
    (BODY_25, OPENPOSE_18, ()),
    (OPENPOSE_18, COCO_17, ()),
    (AIC_14, CROWDPOSE_14, ()),
    (CROWDPOSE_14, AIC_14, ()),
    (MPII_16, AIC_14, ()),
    (MPII_16, CROWDPOSE_14, ()),
]


def names_of(conversion, source):
    return {
        name: tuple(source.keypoints[i] for i in indices)
        for name, indices in zip(conversion.target.keypoints, conversion.sources, strict=True)
    }


@pytest.mark.parametrize(
    ("source", "target", "derived"), PAIRS, ids=lambda one: getattr(one, "name", None)
)
def test_limbs_and_sides_stay_what_they_are(source, target, derived):
    conversion = Conversion.between(source, target)
    assert conversion.derived == derived
    for name, sources in names_of(conversion, source).items():
        if name in derived:
            assert sources == ("left_shoulder", "right_shoulder")
        elif name in ("head", "head_top"):
            assert sources[0] in ("head", "head_top")
        elif name == "mid_hip":
            assert sources[0] in ("hip", "mid_hip")
        else:
            assert sources == (name,)


@pytest.mark.parametrize(
    ("source", "target", "missing"),
    [
        (COCO_17, MPII_16, "pelvis, thorax, neck, head_top"),
        (MPII_16, COCO_17, "nose, left_eye, right_eye, left_ear, right_ear"),
        (COCO_17, CROWDPOSE_14, "head, neck"),
        # The neck of these is between the shoulders, that of those higher.
        (HALPE_26, AIC_14, "neck at that place"),
        (AIC_14, HALPE_26, r"nose, left_eye, .*, \.\.\. \(11 in all\)"),
        (COCO_17, BODY_25, "left_big_toe, .*, right_heel"),
    ],
    ids=lambda one: getattr(one, "name", None),
)
def test_what_is_missing_is_named(source, target, missing):
    with pytest.raises(
        ValueError, match=f"^{source.name} cannot become {target.name}: it has no {missing}; it can"
    ):
        Conversion.between(source, target)


@pytest.mark.parametrize("source", SKELETONS.values(), ids=SKELETONS)
@pytest.mark.parametrize("target", SKELETONS.values(), ids=SKELETONS)
def test_every_other_pair_is_refused_by_the_names_that_are_missing(source, target):
    possible = {(one.name, other.name) for one, other, _ in PAIRS}
    possible |= {(WHOLEBODY_133.name, one.name) for one in (COCO_17, OPENPOSE_18, BODY_25)}
    if source is target or (source.name, target.name) in possible:
        assert Conversion.between(source, target).target is target
        return
    with pytest.raises(ValueError, match="it has no ") as refusal:
        Conversion.between(source, target)
    rule, remedy = str(refusal.value).split("; it can become ")
    beginning, _, names = rule.partition(": it has no ")
    assert beginning == f"{source.name} cannot become {target.name}"
    first = re.sub(r", \.\.\. \(\d+ in all\)| at that place", "", names).split(", ")
    assert set(first) <= set(target.keypoints)
    others = {other for one, other in possible if one == source.name}
    assert set(remedy.split(" or ")) == (others or {"no other that is known"})


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
def test_a_skeleton_becomes_itself(skeleton):
    conversion = Conversion.between(skeleton, skeleton)
    assert conversion.sources == tuple((i,) for i in range(len(skeleton)))


def test_the_middle_of_two():
    keypoints = [[float(i), 2.0 * i] for i in range(17)]
    scores = [i / 20 for i in range(17)]
    places, values = Conversion.between(COCO_17, OPENPOSE_18).person(keypoints, scores)
    assert (places[0], values[0]) == ([0, 0], 0)
    assert (places[1], values[1]) == ([5.5, 11.0], 0.25)
    assert (places[2], values[2]) == (keypoints[6], scores[6])  # The right shoulder.
    keypoints[5][0] = scores[6] = None
    places, values = Conversion.between(COCO_17, OPENPOSE_18).person(keypoints, scores)
    assert (places[1], values[1]) == ([None, 11.0], None)
