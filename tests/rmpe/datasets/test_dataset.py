"""The arrays of a data set."""

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from rmpe.datasets.dataset import Dataset
from rmpe.skeletons import COCO_17


def three_people(**changes):
    fields = {
        "annotations": Path("a.json"),
        "skeleton": COCO_17,
        "image_ids": (7, "b", 9),
        "paths": (Path("7.jpg"), Path("b.jpg"), Path("9.jpg")),
        "image_sizes": np.full((3, 2), 100),
        "person_ids": (1, 2, 3),
        "image_index": np.array([0, 2, 2]),
        "keypoints": np.zeros((3, 17, 2)),
        "visibility": np.eye(3, 17),
        "boxes": np.zeros((3, 4)),
        "areas": np.ones(3),
        "crowd": np.array([False, True, False]),
    }
    return Dataset(**fields | changes)


def test_people_of_each_image():
    dataset = three_people()
    rows = [range(3)[dataset.people(image)] for image in range(len(dataset))]
    assert rows == [range(0, 1), range(1, 1), range(1, 3)]


def test_labeled_are_single_people_with_a_keypoint():
    assert three_people().labeled.tolist() == [True, False, True]
    assert three_people(visibility=np.zeros((3, 17))).labeled.tolist() == [False] * 3


def test_nothing_can_be_changed():
    boxes = np.zeros((3, 4))
    dataset = three_people(boxes=boxes)
    boxes[:] = 5
    assert not dataset.boxes.any()
    with pytest.raises(ValueError, match="read-only"):
        dataset.boxes[0] = 1
    with pytest.raises(FrozenInstanceError):
        dataset.areas = np.zeros(3)
    assert replace(dataset, areas=np.zeros(3)).areas.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"boxes": np.zeros((3, 5))}, r"boxes must be \(3, 4\), got \(3, 5\)"),
        ({"keypoints": np.zeros((3, 16, 2))}, r"keypoints must be \(3, 17, 2\)"),
        ({"image_ids": (7, 7, 9)}, "image_ids must be 3 different ones"),
        ({"image_index": np.array([2, 0, 2])}, r"image_index must ascend within 0..2"),
        ({"image_index": np.array([0, 2, 3])}, r"image_index must ascend within 0..2"),
    ],
)
def test_arrays_that_contradict_each_other(changes, message):
    with pytest.raises(ValueError, match=message):
        three_people(**changes)


def test_selected_images_keep_their_people_in_the_new_order():
    chosen = three_people().select(np.array([2, 0]))
    assert chosen.image_ids == (9, 7)
    assert chosen.paths == (Path("9.jpg"), Path("7.jpg"))
    assert chosen.person_ids == (2, 3, 1)
    assert chosen.image_index.tolist() == [0, 0, 1]
    assert chosen.crowd.tolist() == [True, False, False]
    assert three_people().select(np.array([1])).keypoints.shape == (0, 17, 2)
