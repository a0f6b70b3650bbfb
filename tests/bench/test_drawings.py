"""Counting who is drawn, and that the default drawings are good."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.drawings import count_drawn
from rmpe import PoseEstimator
from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import Dataset
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.people import People
from rmpe.skeletons import COCO_17
from tests.rmpe.outputs.test_drawing import FIGURE


def box_of(place):
    return [100.0 * place, 0, 100.0 * place + 80, 160]


def pose_of(place):
    return FIGURE * (80, 160) + (100 * place, 0)


def people_at(*places):
    count = len(places)
    return People(
        keypoints=torch.tensor(np.stack([pose_of(place) for place in places]), dtype=torch.float32),
        keypoint_scores=torch.full((count, 17), 0.9),
        boxes=torch.tensor([box_of(place) for place in places]),
        box_scores=torch.ones(count),
        scores=0.9 - 0.01 * torch.arange(count),
        image_index=torch.zeros(count, dtype=torch.int64),
        image_sizes=((200, 1000),),
        skeleton=COCO_17,
    )


@pytest.fixture
def dataset():
    """Two people with keypoints, one without, and a crowd in places 6 to 8."""
    boxes = [box_of(0), box_of(1), box_of(2), [600.0, 0, 900, 200]]
    visible = np.zeros((4, 17))
    visible[:2] = 2
    return Dataset(
        annotations=Path("a.json"), skeleton=COCO_17, image_ids=(1,), paths=(Path("1.jpg"),),
        image_sizes=np.array([[200, 1000]]), person_ids=(1, 2, 3, 4), image_index=np.zeros(4),
        keypoints=np.stack([pose_of(place) for place in (0, 1, 2, 3)]), visibility=visible,
        boxes=np.array(boxes), areas=np.full(4, 6000.0),
        crowd=np.array([False, False, False, True]),
    )  # fmt: skip


def count(people, dataset):
    return +count_drawn(people, dataset, 0, DrawingStyle())


def test_people_with_and_without_annotated_keypoints_are_true(dataset):
    counts = count(people_at(0, 2), dataset)
    assert counts == Counter({"true": 2, "right joint": 17})


def test_pose_that_is_right_in_a_box_that_is_not_is_true(dataset):
    people = people_at(0)
    people.boxes[0] = torch.tensor([0.0, 0, 30, 60])
    assert count(people, dataset)["true"] == 1


def test_box_that_is_right_is_true_and_its_joints_are_counted(dataset):
    people = people_at(0)
    people.keypoints[0, :5] += 60
    assert count(people, dataset) == Counter({"true": 1, "right joint": 12, "wrong joint": 5})


def test_second_one_of_a_person_is_a_duplicate(dataset):
    people = people_at(0, 0)
    # So far that it passes for another one, in a box that shows the same.
    people.keypoints[1] += 40
    assert count(people, dataset)["true"] == 1
    assert count(people, dataset)["duplicate"] == 1


def test_crowd_and_nobody(dataset):
    assert count(people_at(7, 4), dataset) == Counter({"crowd": 1, "false": 1})


def test_those_who_are_not_drawn_are_not_counted(dataset):
    people = people_at(0, 4)
    people.scores[1] = 0.1
    assert count(people, dataset) == Counter({"true": 1, "right joint": 17})


def test_default_drawings_of_the_photographs(models_dir, data_dir):
    """What can be asked of two ready-made networks."""
    coco = data_dir / "coco-mini"
    dataset = load_dataset(coco / "person_keypoints.json", coco / "images")
    estimator = PoseEstimator("ssd_mobilenet_v1_coco", "simplepose_coco17", models_dir=models_dir)
    counts = Counter()
    for image, path in enumerate(dataset.paths):
        counts += count_drawn(estimator([path]), dataset, image, DrawingStyle())
    assert len(dataset) == 36
    assert counts["true"] >= 49
    assert counts["false"] <= 10
    assert counts["duplicate"] == counts["empty box"] == 0
    assert counts["right joint"] > 0.94 * (counts["right joint"] + counts["wrong joint"])
