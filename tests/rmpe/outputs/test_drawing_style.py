"""What a drawing shows: values that are none are refused."""

import math
from dataclasses import fields

import numpy as np
import pytest

from rmpe.outputs.drawing_style import DrawingStyle

SCORES = ("min_keypoint_score", "min_person_score")
SWITCHES = [field.name for field in fields(DrawingStyle) if field.name not in SCORES]


@pytest.mark.parametrize("name", SCORES)
def test_scores_are_finite_numbers(name):
    for value in (0, -1.5, 10**30, np.float32(0.5)):
        assert getattr(DrawingStyle(**{name: value}), name) == value
    for value in (math.nan, math.inf, -math.inf, 10**400):
        with pytest.raises(ValueError, match=f"{name} must be finite, got"):
            DrawingStyle(**{name: value})
    for value in ("0.5", True, 1j, [0.5], np.array([0.5])):
        with pytest.raises(TypeError, match=f"{name} must be a number, got"):
            DrawingStyle(**{name: value})


@pytest.mark.parametrize(
    ("given", "drawn_score", "joints", "people"),
    [
        ({}, None, 0.3, 0.225),
        ({}, 0.2, 0.2, 0.15),
        ({}, 0, 0, 0),
        ({"min_keypoint_score": 0.5}, 0.2, 0.5, 0.375),
        ({"min_keypoint_score": 0}, 0.2, 0, 0),
        ({"min_person_score": 0.1}, 0.2, 0.2, 0.1),
        ({"min_person_score": 0}, None, 0.3, 0),
    ],
)
def test_the_least_scores_are_those_given_or_the_networks_own(given, drawn_score, joints, people):
    style = DrawingStyle(**given)
    assert style.keypoint_score(drawn_score) == joints
    assert style.person_score(drawn_score) == pytest.approx(people)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("value", [None, 1, "yes", [True]])
def test_the_others_are_true_or_false(name, value):
    with pytest.raises(TypeError, match=f"{name} must be True or False, got"):
        DrawingStyle(**{name: value})
