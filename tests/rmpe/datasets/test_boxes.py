"""Boxes of COCO annotations, of any categories."""

import json

import pytest

from rmpe.datasets.boxes import read_boxes
from rmpe.datasets.dataset import DatasetError


def annotation(number, image, category, box=(10, 20, 30, 40), **more):
    return {
        "id": number, "image_id": image, "category_id": category, "bbox": list(box), "iscrowd": 0,
        **more,
    }  # fmt: skip


@pytest.fixture
def write(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "images" / name).touch()

    def write(annotations, categories):
        content = {
            "images": [{"id": i, "file_name": f"{name}.jpg"} for i, name in enumerate("xab")],
            "annotations": annotations,
            "categories": [{"id": i, **category} for i, category in categories.items()],
        }
        (tmp_path / "boxes.json").write_text(json.dumps(content))
        return tmp_path / "boxes.json", tmp_path / "images"

    return write


CATEGORIES = {7: {"name": "person"}, 3: {"name": "Dog"}, 5: {"name": "cat"}}


def test_boxes_are_sorted_by_image_and_know_their_class(write):
    boxes = [
        annotation(1, 2, 3), annotation(2, 1, 7, (0, 0, 5, 5), iscrowd=1), annotation(3, 1, 3),
        annotation(4, 2, 5, "none"), annotation(5, 0, 3), annotation(6, 2, 7, (1, 2, 3, 4)),
    ]  # fmt: skip
    found = read_boxes(*write(boxes, CATEGORIES), ["dog", "person"])
    # The first image is not there, and nobody looks at cats.
    assert [path.name for path in found.paths] == ["a.jpg", "b.jpg"] and found.missing == 1
    assert len(found) == 2 and found.image_ids == (1, 2)
    assert found.class_index.tolist() == [1, 0, 0, 1] and found.first.tolist() == [0, 2, 4]
    assert found.crowd.tolist() == [True, False, False, False]
    assert found.boxes[found.rows(1)].tolist() == [[10, 20, 40, 60], [1, 2, 4, 6]]


def test_an_image_without_boxes_has_no_rows(write):
    found = read_boxes(*write([annotation(1, 2, 3)], CATEGORIES), ["dog"])
    assert found.first.tolist() == [0, 0, 1] and len(found.boxes[found.rows(0)]) == 0


def test_people_may_be_the_only_category_with_keypoints(write):
    categories = {1: {"name": "swimmer", "keypoints": ["nose"]}, 2: {"name": "ball"}}
    names = write([annotation(1, 1, 1)], categories)
    with pytest.raises(DatasetError, match="keypoints of categories"):  # of no known skeleton
        read_boxes(*names)
    assert read_boxes(*names, ["swimmer"]).class_index.tolist() == [0]


@pytest.mark.parametrize(
    ("change", "classes", "message"),
    [
        ({}, ["cow"], "categories must have one that is named 'cow', got 0 among"),
        ({"bbox": [1, 2, -3, 4]}, ["dog"], r"bbox of annotations\[0\] \(id 1\) must be of a width"),
        ({"bbox": [1, 2, 3]}, ["dog"], r"bbox of annotations\[0\] .* must be x, y, width, height"),
        ({"iscrowd": 2}, ["dog"], "iscrowd of annotations"),
        ({"image_id": 9}, ["dog"], "must be the id of one of the images, got 9"),
        ({"category_id": 9}, ["dog"], "must be the id of one of the categories, got 9"),
    ],
)
def test_what_is_wrong_is_named(write, change, classes, message):
    with pytest.raises(DatasetError, match=message):
        read_boxes(*write([annotation(1, 1, 3) | change], CATEGORIES), classes)


def test_a_name_that_two_categories_have(write):
    categories = CATEGORIES | {9: {"name": "dog"}}
    with pytest.raises(DatasetError, match="named 'dog', got 2 among"):
        read_boxes(*write([], categories), ["dog"])
