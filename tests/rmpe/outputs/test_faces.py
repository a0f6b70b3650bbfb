"""Faces that are blurred: covered whatever the scores, the rest left alone."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from rmpe.outputs.drawing import draw
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.faces import blur_faces
from rmpe.people import People
from rmpe.skeletons import AIC_14, COCO_17, Skeleton

NOISE = np.random.default_rng(5).integers(0, 256, (240, 320, 3)).astype(np.uint8)
# Nose, eyes, ears of a head at (100, 60).
FACE = [(100, 64), (106, 56), (94, 56), (114, 60), (86, 60)]


def person(face=FACE, skeleton=COCO_17, scores=0.0):
    keypoints = torch.full((1, len(skeleton), 2), 150.0)
    for index, place in enumerate(face):
        keypoints[0, index] = torch.tensor(place)
    return People(
        keypoints=keypoints,
        keypoint_scores=torch.full((1, len(skeleton)), scores),
        boxes=torch.tensor([[60.0, 30.0, 140.0, 230.0]]),
        box_scores=torch.ones(1),
        scores=torch.full((1,), scores),
        image_index=torch.zeros(1, dtype=torch.int64),
        image_sizes=((240, 320),),
        skeleton=skeleton,
    )


def changed(image):
    return (image != NOISE).any(2)


def test_the_face_is_covered_and_little_else():
    before = NOISE.copy()
    blurred = blur_faces(NOISE, person())
    where = changed(blurred)
    assert (NOISE == before).all()
    y, x = np.mgrid[:240, :320]
    distance = np.hypot(x - 100, y - 60)
    assert where[distance < 16].mean() > 0.99
    assert not where[distance > 45].any()
    # No detail is left: a few colors, far from the noise that was there.
    assert blurred[distance < 14].std() < 0.5 * NOISE[distance < 14].std()


@pytest.mark.parametrize("lost", [[0], [1, 2], [0, 1, 3], [0, 1, 2, 3]])
def test_a_face_that_is_partly_lost(lost):
    people = person()
    people.keypoints[0, lost] = math.nan
    left = next(index for index in range(5) if index not in lost)
    x, y = FACE[left]
    assert changed(blur_faces(NOISE, people))[y - 6 : y + 7, x - 6 : x + 7].all()


def test_a_keypoint_that_went_astray_moves_it_off_no_face():
    people = person([(300, 200), *FACE[1:]])
    where = changed(blur_faces(NOISE, people))
    assert where[50:70, 88:112].mean() > 0.95
    assert where.mean() < 0.1


def test_heads_without_faces_and_people_without_heads():
    # Head top and neck.
    where = changed(blur_faces(NOISE, person([(100, 40), (100, 80)], AIC_14)))
    assert where[45:75, 90:110].all()
    people = person()
    people.keypoints[0, :5] = math.nan
    assert not changed(blur_faces(NOISE, people)).any()
    legs = Skeleton("legs", ("left_knee", "right_knee"), (), ((0, 1),), None)
    with pytest.raises(ValueError, match="faces cannot be found: legs has no head"):
        blur_faces(NOISE, person([], legs))


def test_a_face_at_the_border_or_beyond():
    assert changed(blur_faces(NOISE, person([(x - 100, y - 60) for x, y in FACE])))[:10, :10].all()
    far = person([(x + 5000, y) for x, y in FACE])
    assert not changed(blur_faces(NOISE, far)).any()


def test_drawings_blur_those_too_who_are_not_drawn():
    style = DrawingStyle(blur_faces=True)
    drawing = draw(NOISE, person(), style)
    np.testing.assert_array_equal(drawing, blur_faces(NOISE, person()))
    assert not changed(draw(NOISE, person(), dataclasses.replace(style, blur_faces=False))).any()
