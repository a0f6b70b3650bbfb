"""Who is drawn: sure people once, with the joints that hang together."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.drawn import drawn_joints
from rmpe.people import People
from rmpe.skeletons import AIC_14, COCO_17, MPII_16

from .test_drawing import make_people

SIZE = (400, 400)


def drawn(people, *thresholds):
    return drawn_joints(people, DrawingStyle(*thresholds))


def joints_named(*names):
    return [COCO_17.keypoints.index(name) for name in names]


def test_sure_person_is_drawn_whole():
    assert drawn(make_people(SIZE)).all()
    assert drawn(make_people(SIZE, count=0)).shape == (0, 17)


def test_people_are_chosen_by_their_own_score_and_not_the_box():
    people = make_people(SIZE)
    people.scores[0], people.box_scores[0] = 0.2, 1.0
    assert not drawn(people).any()
    people.scores[0], people.box_scores[0] = 0.3, 0.0
    assert drawn(people).all()


def test_least_score_of_people_follows_that_of_joints():
    people = make_people(SIZE, score=0.16)
    people.scores[0] = 0.14
    assert not drawn(people).any()
    assert drawn(people, 0.15).all()
    assert not drawn(people, 0.15, 0.2).any()


def test_least_scores_are_those_that_suit_the_network():
    people = make_people(SIZE, score=0.16)
    people.scores[0] = 0.14
    people = replace(people, drawn_score=0.15)
    assert drawn(people).all()
    assert not drawn(people, 0.3).any()
    assert not drawn(people, None, 0.2).any()
    assert not drawn(replace(people, drawn_score=0.17)).any()
    assert not drawn(replace(people, drawn_score=None)).any()


def test_thresholds_are_the_least_that_is_drawn():
    people = make_people(SIZE, score=0.5)
    people.scores[0] = 0.25
    assert drawn(people, 0.5, 0.25).all()
    assert not drawn(people, 0.5001, 0.25).any()
    assert not drawn(people, 0.5, 0.2501).any()


def test_joints_without_a_neighbor_are_left_out():
    people = make_people(SIZE, score=0.0)
    forearm = joints_named("left_elbow", "left_wrist")
    people.keypoint_scores[0, forearm + joints_named("right_ankle")] = 0.9
    assert np.flatnonzero(drawn(people)[0]).tolist() == forearm


def test_person_with_isolated_joints_alone_is_left_out():
    people = make_people(SIZE, score=0.0)
    people.keypoint_scores[0, joints_named("nose", "left_wrist", "right_ankle")] = 0.9
    assert not drawn(people).any()


def test_same_person_is_drawn_once_and_the_better_of_the_two():
    people = make_people(SIZE, count=3)
    people.keypoints[1] += 2
    people.keypoints[2] += 200
    people.scores[:] = torch.tensor([0.7, 0.8, 0.9])
    assert drawn(people).any(1).tolist() == [False, True, True]


def test_of_equals_the_first_is_drawn():
    assert drawn(make_people(SIZE, count=3)).any(1).tolist() == [True, False, False]


def test_only_joints_that_both_show_are_compared():
    people = make_people(SIZE, count=2)
    people.keypoint_scores[:] = 0
    people.keypoint_scores[0, joints_named("left_elbow", "left_wrist")] = 0.9
    people.keypoint_scores[1, joints_named("right_knee", "right_ankle")] = 0.9
    assert drawn(people).any(1).all()
    # The same wrist, and all else hidden from the other.
    people.keypoint_scores[1, joints_named("left_elbow", "left_wrist")] = 0.9
    assert drawn(people).any(1).tolist() == [True, False]


def test_neighbors_in_a_crowd_are_all_drawn():
    people = make_people(SIZE, count=5)
    people.keypoints.add_(torch.arange(5)[:, None, None] * 60.0)
    assert drawn(people).any(1).all()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["keypoints", "keypoint_scores", "boxes", "scores"])
def test_what_is_not_finite_is_left_out_quietly(recwarn, field, bad):
    people = make_people(SIZE, count=2)
    people.keypoints[1] += 150
    getattr(people, field)[0] = bad
    found = drawn(people)
    assert found[1].all()
    if field == "keypoints":
        assert not found[0].any()
    assert not recwarn.list


@pytest.mark.parametrize("skeleton", [COCO_17, MPII_16, AIC_14])
def test_every_skeleton_is_drawn_whole(skeleton):
    k = len(skeleton)
    people = People(
        keypoints=torch.rand(1, k, 2) * 100,
        keypoint_scores=torch.ones(1, k),
        boxes=torch.tensor([[0.0, 0, 100, 100]]),
        box_scores=torch.ones(1),
        scores=torch.ones(1),
        image_index=torch.zeros(1, dtype=torch.int64),
        image_sizes=((100, 100),),
        skeleton=skeleton,
    )
    assert drawn(people).all()
