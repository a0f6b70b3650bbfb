"""MPII annotations: a small file, the real one, and what is no such file."""

import json

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import DatasetError
from rmpe.skeletons import MPII_16

NOBODY = {"_ArrayType_": "double", "_ArraySize_": [0, 0], "_ArrayData_": None}


def joints(x, y):
    """A person of whom four joints were labeled, two of them hidden, from x, y on."""
    labeled = [[x, y, 1.0], [x + 30, y + 40, 0.0], [x, y + 10, 1.0], [x + 5, y, 0.0]]
    return labeled + [[0.0, 0.0, 0.0]] * 12


def entry(name, own, others=NOBODY, count=0, validation=0.0):
    return {
        "dataset": "MPI",
        "img_paths": name,
        "img_width": 1280.0,
        "img_height": 720.0,
        "isValidation": validation,
        "joint_self": own,
        "joint_others": others,
        "numOtherPeople": float(count),
    }


@pytest.fixture
def entries():
    """Three people in an image, two of whom have entries; one in another, of validation."""
    a, b, c = joints(10, 20), joints(100, 20), joints(200, 20)
    return [
        entry("1.jpg", a, [b, c], 2),
        entry("2.jpg", joints(50, 60), validation=1.0),
        entry("1.jpg", b, [a, c], 2),
        entry("3.jpg", a, b, 1),
    ]


def load(entries, folder, images=None, **options):
    file = folder / "mpii_annotations.json"
    file.write_text(json.dumps(entries))
    return load_dataset(file, images, format="mpii", **options)


def test_everybody_once(entries, tmp_path):
    dataset = load(entries, tmp_path)
    assert dataset.skeleton == MPII_16
    assert dataset.image_ids == ("1.jpg", "2.jpg", "3.jpg")
    assert dataset.image_index.tolist() == [0, 0, 0, 1, 2, 2]
    assert dataset.person_ids == (0, 1, 2, 0, 0, 1)
    assert dataset.image_sizes.tolist() == [[720, 1280]] * 3


def test_coordinates_begin_at_zero_and_boxes_are_extents(entries, tmp_path):
    dataset = load(entries, tmp_path)
    assert dataset.keypoints[0, :2].tolist() == [[9, 19], [39, 59]]
    assert dataset.visibility[0].tolist() == [2, 1, 2, 1] + [0] * 12
    assert dataset.boxes[0].tolist() == [9, 19, 39, 59]
    assert dataset.areas[0] == 30 * 40


@pytest.mark.parametrize("absent", [[-1, -1, 0], [0, 0, 1], [0, -1, 0], [-1, -1, 1]])
def test_joints_that_are_not_there(entries, tmp_path, absent):
    """They count in no measure, and neither in the box."""
    before = load(entries, tmp_path)
    entries[1]["joint_self"][4:6] = [absent] * 2
    dataset = load(entries, tmp_path)
    np.testing.assert_array_equal(dataset.visibility, before.visibility)
    np.testing.assert_array_equal(dataset.boxes, before.boxes)


def test_joints_above_the_image(entries, tmp_path):
    """MPII's own file has such joints: with one coordinate above 0 they are labeled."""
    entries[1]["joint_self"][4:6] = [[60, -7.4, 1], [-2, 70, 0]]
    dataset = load(entries, tmp_path)
    assert dataset.visibility[3, 4:6].tolist() == [2, 1]
    assert dataset.boxes[3].tolist() == [-3, -8.4, 79, 99]


def test_splits(entries, tmp_path):
    assert load(entries, tmp_path, split="validation").image_ids == ("2.jpg",)
    assert load(entries, tmp_path, split="train").image_ids == ("1.jpg", "3.jpg")
    with pytest.raises(ValueError, match="split of mpii must be train or validation or None, got"):
        load(entries, tmp_path, split="test")
    with pytest.raises(ValueError, match="split of coco must be None, got 'train'"):
        load_dataset(tmp_path / "a.json", None, split="train")


def test_images_that_are_there(entries, tmp_path):
    (tmp_path / "3.jpg").touch()
    dataset = load(entries, tmp_path, images=tmp_path)
    assert dataset.paths == (tmp_path / "3.jpg",)
    assert dataset.missing == 2
    assert len(dataset.person_ids) == 2
    assert load(entries, tmp_path, images=tmp_path, split="validation").missing == 1


@pytest.mark.parametrize(
    "change, message",
    [
        ({"img_paths": 5}, r"img_paths of people\[1\] must be text, got 5"),
        ({"img_paths": "../2.jpg"}, r"img_paths of people\[1\] must be a path within the folder"),
        ({"isValidation": "yes"}, r"isValidation of people\[1\] must be 0 or 1, got 'yes'"),
        (
            {"img_width": 0},
            r"img_width of people\[1\] must be a whole number of pixels, from 1, got 0",
        ),
        ({"img_height": 512.5}, r"img_height of people\[1\] must be a whole number .* got 512.5"),
        ({"joint_self": []}, r"joint_self of people\[1\] must be x, y, visibility of 16 joints"),
        ({"joint_self": [[1, 2]] * 16}, r"joint_self of people\[1\] must be x, y, visibility of"),
        (
            {"joint_self": [[1, 2, None]] * 16},
            r"joint_self of people\[1\] must be x, y, visibility",
        ),
        ({"joint_self": [[1, 2, 2]] * 16}, r"joint_self of people\[1\] .* a visibility of 0 or 1"),
        ({"numOtherPeople": -1}, r"numOtherPeople of people\[1\] must be a number, from 0, got -1"),
        (
            {"numOtherPeople": 2},
            r"joint_others of people\[1\] must be the joints of as many people",
        ),
        ({"numOtherPeople": 1}, r"joint_others of people\[1\] must be x, y, visibility of 16"),
        ({"numOtherPeople": 2, "joint_others": [joints(1, 1), 5]}, r"joint_others of people\[1\]"),
        (
            {"img_paths": "1.jpg"},
            r"isValidation of people\[1\] must be that of the other people in",
        ),
    ],
)
def test_values_that_break_a_rule(entries, tmp_path, change, message):
    entries[1] |= change
    with pytest.raises(DatasetError, match=message):
        load(entries, tmp_path)


@pytest.mark.parametrize("field", ["img_width", "img_height"])
@pytest.mark.parametrize("which", [0, 2])
def test_sizes_of_one_image_that_differ(entries, tmp_path, field, which):
    entries[which][field] += 1
    message = rf"{field} of people\[\d\] must be that of the other people in the image, got \d"
    with pytest.raises(DatasetError, match=message):
        load(entries, tmp_path)


@pytest.mark.parametrize("field", list(entry("1.jpg", []))[1:])
def test_fields_that_are_missing(entries, tmp_path, field):
    del entries[1][field]
    with pytest.raises(DatasetError, match=rf"{field} of people\[1\] is missing; it must be"):
        load(entries, tmp_path)


def test_no_list(tmp_path):
    with pytest.raises(DatasetError, match="mpii_annotations.json: people must be a list, got {}"):
        load({}, tmp_path)
    assert len(load([], tmp_path)) == 0


def test_the_real_file(data_dir):
    """As MPII's authors count."""
    file = data_dir / "poses" / "mpii_annotations.json.gz"
    dataset = load_dataset(file, None, format="mpii")
    assert (len(dataset), len(dataset.person_ids)) == (17408, 28883)
    assert np.count_nonzero(dataset.visibility) == 432695
