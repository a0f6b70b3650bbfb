"""Where people are expected in the next frame, by their poses in this one."""

import dataclasses

import pytest
import torch

from rmpe.carrying import carry
from rmpe.people import People
from rmpe.skeletons import COCO_17, MPII_16

IMAGE = torch.zeros(100, 200, 3, dtype=torch.uint8)


def people(*poses, score=0.9):
    """A person for each (left, top, right, bottom) that the joints reach."""
    spread = torch.linspace(0, 1, 17)[:, None]
    boxes = torch.tensor(poses, dtype=torch.float32).view(-1, 4)
    keypoints = boxes[:, None, :2] + spread * (boxes[:, None, 2:] - boxes[:, None, :2])
    count = len(poses)
    return People(
        keypoints=keypoints,
        keypoint_scores=torch.full((count, 17), score),
        boxes=boxes,
        box_scores=torch.linspace(0.5, 0.9, count) if count else torch.zeros(0),
        scores=torch.full((count,), 0.7),
        image_index=torch.zeros(count, dtype=torch.int64),
        image_sizes=((100, 200),),
        skeleton=COCO_17,
    )


def expected(before, **options):
    return carry(before, IMAGE, **{"skeleton": COCO_17} | options)


def test_a_box_is_around_the_joints_with_a_margin():
    found = expected(people((50, 20, 90, 60), (10, 10, 30, 50)))
    assert found.boxes.tolist() == [[44, 14, 96, 66], [7, 4, 33, 56]]
    assert found.scores.tolist() == pytest.approx([0.5, 0.9])
    assert found.image_index.tolist() == [0, 0]


def test_boxes_end_where_the_image_does():
    assert expected(people((-20, 5, 60, 98))).boxes.tolist() == [[0, 0, 72, 100]]


def test_who_has_left_the_image_is_dropped():
    assert len(expected(people((250, 10, 290, 50)))) == 0


def test_who_is_not_seen_any_more_is_dropped():
    before = people((50, 20, 90, 60), (10, 10, 30, 50))
    scores = before.keypoint_scores.clone()
    scores[0, 2:] = 0.1
    scores[1, 3:] = torch.nan
    found = expected(dataclasses.replace(before, keypoint_scores=scores))
    assert found.scores.tolist() == pytest.approx([0.9])


def test_joints_that_are_not_sure_do_not_count():
    before = people((50, 20, 90, 60))
    keypoints = before.keypoints.clone()
    keypoints[0, 3] = torch.tensor([180.0, 90.0])
    scores = before.keypoint_scores.clone()
    scores[0, 3] = 0.29
    wild = dataclasses.replace(before, keypoints=keypoints, keypoint_scores=scores)
    assert expected(wild).boxes.tolist() == [[44, 14, 96, 66]]
    assert expected(dataclasses.replace(wild, drawn_score=0.2)).boxes[0, 2] > 180


def test_a_box_shrinks_slowly():
    before = people((50, 20, 90, 60))
    large = dataclasses.replace(before, boxes=torch.tensor([[20.0, 0, 120, 80]]))
    assert expected(large).boxes.tolist() == [[25, 4, 115, 76]]


def test_nobody_is_carried_on_to_nobody():
    found = expected(people())
    assert found.boxes.shape == (0, 4)
    assert found.class_index.dtype == torch.int64


def test_classes_go_on():
    before = dataclasses.replace(
        people((50, 20, 90, 60), (10, 10, 30, 50)),
        class_index=torch.tensor([1, 0]), classes=("dog", "person"),
    )  # fmt: skip
    found = expected(before, classes=("person", "cat", "dog"))
    assert found.class_index.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"skeleton": MPII_16}, "people must have the skeleton mpii_16, got coco_17"),
        ({"classes": ("dog", "cat")}, "people must be of dog, cat, got person"),
    ],
)
def test_people_of_something_else(options, message):
    with pytest.raises(ValueError, match=message):
        expected(people((50, 20, 90, 60)), **options)


def test_people_of_another_image():
    with pytest.raises(ValueError, match=r"people must be of one image \(10, 20\), got"):
        carry(people(), torch.zeros(10, 20, 3, dtype=torch.uint8), skeleton=COCO_17)
    with pytest.raises(TypeError, match="people must be a People, got 3"):
        expected(3)
