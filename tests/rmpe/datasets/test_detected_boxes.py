"""Files of detected boxes."""

import json

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import DatasetError
from rmpe.datasets.detected_boxes import read_detections

from ..coco_annotations import annotations, person, write


@pytest.fixture
def dataset(tmp_path):
    images = [{"id": i, "file_name": f"{i}.png"} for i in (7, 3)]
    people = [person(id=1, image_id=7, area=2000)]
    return load_dataset(write(annotations(*people, images=images), tmp_path), None)


def box(**change):
    return {"image_id": 3, "category_id": 1, "bbox": [10, 20, 30, 40], "score": 0.5} | change


def test_coco_results(tmp_path, dataset):
    file = tmp_path / "boxes.json"
    rows = [box(), box(image_id=7, bbox=[0.5, 0, 1, 2]), box(image_id=99), box(category_id=3)]
    file.write_text(json.dumps(rows))
    found = read_detections(file, dataset)
    np.testing.assert_array_equal(found.boxes, [[10, 20, 40, 60], [0.5, 0, 1.5, 2]])
    assert found.image_index.tolist() == [1, 0] and found.scores.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("category", [2, "p"])
def test_people_are_of_the_category_of_that_name(tmp_path, category):
    categories = [{"id": 1, "name": "car"}, {"id": category, "name": "person"}]
    content = annotations(person(category_id=category), categories=categories)
    dataset = load_dataset(write(content, tmp_path), None)
    file = tmp_path / "boxes.json"
    rows = [box(image_id=1), box(image_id=1, category_id=category, bbox=[1, 2, 3, 4])]
    file.write_text(json.dumps(rows))
    assert dataset.select(np.array([0])).category == dataset.category == category
    assert read_detections(file, dataset).boxes.tolist() == [[1, 2, 4, 6]]


@pytest.mark.parametrize(
    "rows, message",
    [
        ({}, "results must be a list"),
        ([box(bbox=[1, 2, 3])], r"bbox of results\[0\] must be x, y, width, height"),
        ([box(score=None)], r"score of results\[0\] must be a finite number"),
        ([box(image_id=[])], r"image_id of results\[0\] must be"),
        ([box(bbox=[9, 9, -5, 5])], r"bbox of results\[0\] must be of a width and height from 0"),
        ([box(category_id=3)], "must have results of people, whose category_id in .* is 1, got 3"),
        ([box(category_id="1")], "must have results of people, .* is 1, got '1'"),
        ([box(image_id=5)], "must have boxes in the images"),
        ([], "must have boxes in the images"),
    ],
)
def test_wrong_results_are_refused_with_the_field(tmp_path, dataset, rows, message):
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps(rows))
    with pytest.raises(DatasetError, match=message):
        read_detections(file, dataset)


def test_authors_boxes(tmp_path):
    h5py = pytest.importorskip("h5py")
    images = [{"id": name, "file_name": name} for name in ("a.jpg", "b.jpg")]
    people = [person(id=1, image_id="a.jpg", area=2000)]
    dataset = load_dataset(write(annotations(*people, images=images), tmp_path), None)
    file = tmp_path / "MPII.h5"
    with h5py.File(file, "w") as content:
        for edge, values in {
            "xmin": [1, 2],
            "ymin": [3, 4],
            "xmax": [5, 6],
            "ymax": [7, 8],
        }.items():
            content[edge] = np.array(values)[:, None]
    with pytest.raises(DatasetError, match="MPII_images.txt beside it"):
        read_detections(file, dataset)
    (tmp_path / "MPII_images.txt").write_text("b.jpg\n")
    with pytest.raises(DatasetError, match="as many rows as MPII_images.txt has images, got 2"):
        read_detections(file, dataset)
    (tmp_path / "MPII_images.txt").write_text("b.jpg\na.jpg\n")
    found = read_detections(file, dataset)
    np.testing.assert_array_equal(found.boxes, [[1, 3, 5, 7], [2, 4, 6, 8]])
    assert found.image_index.tolist() == [1, 0] and np.isnan(found.scores).all()
    file.write_bytes(b"no HDF5")
    with pytest.raises(DatasetError, match="must hold xmin, ymin, xmax, ymax"):
        read_detections(file, dataset)


def test_damaged_authors_boxes(tmp_path):
    """A file may claim any size, and hold a folder in place of an array."""
    h5py = pytest.importorskip("h5py")
    images = [{"id": "a.jpg", "file_name": "a.jpg"}]
    people = [person(id=1, image_id="a.jpg", area=2000)]
    dataset = load_dataset(write(annotations(*people, images=images), tmp_path), None)
    (tmp_path / "b_images.txt").write_text("a.jpg\n")
    with h5py.File(tmp_path / "b.h5", "w") as content:
        for edge in ("xmin", "ymin", "xmax", "ymax"):
            content.create_dataset(edge, shape=(10**12,), chunks=(1000,), dtype="f8")
    with pytest.raises(DatasetError, match="as many rows as .* got 1000000000000, "):
        read_detections(tmp_path / "b.h5", dataset)
    with h5py.File(tmp_path / "b.h5", "w") as content:
        content.create_group("xmin")
    with pytest.raises(DatasetError, match="must hold xmin"):
        read_detections(tmp_path / "b.h5", dataset)
    for box in ([np.nan] * 4, [5, 5, 1, 9], [5, 5, 9, 1]):
        with h5py.File(tmp_path / "b.h5", "w") as content:
            for edge, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
                content[edge] = np.array([value], float)
        with pytest.raises(DatasetError, match="must have finite boxes, .* got .* in row 0"):
            read_detections(tmp_path / "b.h5", dataset)
