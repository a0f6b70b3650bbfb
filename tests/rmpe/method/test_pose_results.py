"""Files of poses that suppression is fitted to."""

import json

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import DatasetError
from rmpe.method.pose_results import read_pose_results

from ..coco_annotations import annotations, person, write


@pytest.fixture
def dataset(tmp_path):
    images = [{"id": i, "file_name": f"{i}.png"} for i in (7, 3)]
    return load_dataset(write(annotations(person(image_id=7), images=images), tmp_path), None)


def pose(**change):
    joints = [[10.0 + i, 20.0 + 2 * i, 0.5] for i in range(17)]
    return {
        "image_id": 3, "category_id": 1, "keypoints": np.ravel(joints).tolist(), "score": 0.25
    } | change  # fmt: skip


def read(rows, folder, dataset):
    file = folder / "poses.json"
    file.write_text(json.dumps(rows))
    return read_pose_results(file, dataset)


def test_poses_come_image_by_image_and_those_of_others_are_left_out(tmp_path, dataset):
    rows = [pose(score=0.5), pose(image_id=99), pose(image_id=7, score=0.125), pose(category_id=9)]
    people = read(rows, tmp_path, dataset)
    assert people.image_index.tolist() == [0, 1, 1] and len(people.image_sizes) == 2
    assert people.scores.tolist() == [0.125, 0.5, 0.25]
    assert people.skeleton == dataset.skeleton
    assert people.keypoints[1, 2].tolist() == [12, 24]
    assert people.keypoint_scores.eq(0.5).all()


def test_boxes_are_those_given_or_around_what_scores(tmp_path, dataset):
    unsure = pose()["keypoints"]
    unsure[2], unsure[50] = 0.0, -1.0
    nobody = [0.0] * 51
    rows = [pose(bbox=[1, 2, 3, 4]), pose(keypoints=unsure), pose(bbox=None, keypoints=nobody)]
    boxes = read(rows, tmp_path, dataset).boxes
    assert boxes[:2].tolist() == [[1, 2, 4, 6], [11, 22, 25, 50]]
    assert boxes[2].isnan().all()


@pytest.mark.parametrize(
    "rows, message",
    [
        ({}, "results must be a list"),
        ([], "must have poses in the images of .*; none of its 0 is in one of these 2"),
        ([pose(image_id=1)], "none of its 1 is in one of these 2"),
        ([pose(image_id=None)], r"image_id of results\[0\] must be"),
        ([pose(image_id=7), pose(score="1")], r"score of results\[1\] must be a finite number"),
        ([pose(keypoints=[1, 2, 3])], r"keypoints of results\[0\] must be x, y, score of the 17"),
        ([pose(bbox=[1, 2, -3, 4])], r"bbox of results\[0\] must be of a width and height from 0"),
    ],
)
def test_wrong_results_are_refused_with_the_field(tmp_path, dataset, rows, message):
    with pytest.raises(DatasetError, match=message):
        read(rows, tmp_path, dataset)
