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


def test_a_score_of_joints_is_needed():
    with pytest.raises(TypeError, match="min_keypoint_score must be a number, got None"):
        DrawingStyle(min_keypoint_score=None)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("value", [None, 1, "yes", [True]])
def test_the_others_are_true_or_false(name, value):
    with pytest.raises(TypeError, match=f"{name} must be True or False, got"):
        DrawingStyle(**{name: value})
