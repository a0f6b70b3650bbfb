"""COCO annotations, and what is not."""

import json

import numpy as np
import pytest

from rmpe.datasets import load_dataset


def test_dataset_holds_the_images_that_are_there(coco_mini):
    assert len(coco_mini.paths) == len(coco_mini.image_ids) == len(coco_mini.boxes) == 36
    assert sum(len(boxes) for boxes in coco_mini.boxes) == 86
    assert all(path.is_file() for path in coco_mini.paths)
    boxes = np.concatenate(coco_mini.boxes)
    assert (boxes[:, 2:] > boxes[:, :2]).all()


@pytest.mark.parametrize(
    "content, message",
    [
        (None, "is not a COCO annotation file"),
        ("no json", "is not a COCO annotation file"),
        ("[]", "is not a COCO annotation file"),
        ('{"images": [], "annotations": []}', "must hold images, annotations, categories, got"),
        ('{"images": [], "annotations": [], "categories": {}}', "categories must be a list, got"),
        (
            '{"images": [{"id": 1}], "annotations": [], "categories": []}',
            "all images must have id, file_name; number 0 has no file_name",
        ),
        (
            '{"images": [{"id": 1, "file_name": "x.jpg"}], "annotations": [], "categories": []}',
            "none of the 1 images of",
        ),
    ],
)
def test_what_is_no_dataset(tmp_path, content, message):
    annotations = tmp_path / "annotations.json"
    if content is not None:
        annotations.write_text(content)
    with pytest.raises(ValueError, match=message):
        load_dataset(annotations, tmp_path)


@pytest.fixture
def tiny():
    """Annotations of one person in one image."""
    return {
        "images": [{"id": 1, "file_name": "x.jpg"}],
        "categories": [{"id": 1}],
        "annotations": [
            {
                "id": 5,
                "image_id": 1,
                "category_id": 1,
                "bbox": [0, 0, 9, 9],
                "area": 81,
                "iscrowd": 0,
                "num_keypoints": 17,
                "keypoints": [3, 3, 2] * 17,
            }
        ],
    }


def load(content, folder):
    (folder / "x.jpg").touch()
    (folder / "annotations.json").write_text(json.dumps(content))
    return load_dataset(folder / "annotations.json", folder)


@pytest.mark.parametrize(
    "field",
    ["id", "image_id", "category_id", "bbox", "area", "iscrowd", "keypoints", "num_keypoints"],
)
def test_annotations_that_lack_a_field(tiny, tmp_path, field):
    del tiny["annotations"][0][field]
    with pytest.raises(ValueError, match=f"number 0 has no {field}"):
        load(tiny, tmp_path)


def test_box_of_three_numbers(tiny, tmp_path):
    tiny["annotations"][0]["bbox"] = [0, 0, 9]
    with pytest.raises(ValueError, match=r"bbox must hold 4 numbers, got \[0, 0, 9\] in number 0"):
        load(tiny, tmp_path)
