"""COCO annotations, loaded by pycocotools and by the data sets of this package."""

import contextlib
import dataclasses
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rmpe.datasets import load_dataset
from rmpe.outputs.coco_annotations import COCO_ANNOTATIONS
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, record, tracked_record
from rmpe.skeletons import COCO_17

from .material import LABEL, make_people, make_records, written


def test_what_is_labeled(tmp_path):
    people = make_people(2)
    people.keypoint_scores[0] = 0.9
    people.keypoint_scores[0, 3] = 0.1
    people.keypoints[0, 4] = math.nan
    entry = tracked_record(record(LABEL, people), [6, -1])
    content = json.loads(written(COCO_ANNOTATIONS, tmp_path, entry).read_text())
    first, second = content["annotations"]
    assert content["images"] == [{"id": 42, "file_name": "b_x.jpg", "width": 60, "height": 40}]
    assert (first["id"], first["image_id"], first["category_id"], first["iscrowd"]) == (1, 42, 1, 0)
    assert first["bbox"] == [1, 2, 30.5, 20.25]
    assert first["area"] == pytest.approx(0.53 * 30.5 * 20.25, abs=1e-3)
    assert first["keypoints"][:3] == [*entry["people"][0]["keypoints"][0], 2]
    assert first["keypoints"][9:15] == [0] * 6
    assert first["num_keypoints"] == 15
    assert (first["track_id"], "track_id" in second) == (6, False)
    (category,) = content["categories"]
    assert category["keypoints"] == list(COCO_17.keypoints)


def test_classes_are_categories(tmp_path):
    classes = ("person", "dog", "cat")
    people = dataclasses.replace(make_people(2), classes=classes, class_index=torch.tensor([2, 0]))
    entries = [record(LABEL, people), record(LABEL, make_people(1))]
    content = json.loads(written(COCO_ANNOTATIONS, tmp_path, *entries).read_text())
    assert [one["category_id"] for one in content["annotations"]] == [1, 2, 2]
    assert [(one["id"], one["name"]) for one in content["categories"]] == [
        (1, "cat"),
        (2, "person"),
    ]
    assert all(one["keypoints"] == list(COCO_17.keypoints) for one in content["categories"])


def test_pycocotools_loads_them(tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    empty = record(ImageLabel("none.jpg", "none.jpg", 7), make_people(0))
    gone = error_record(ImageLabel("gone.jpg", "gone.jpg", 8), "gone")
    path = written(COCO_ANNOTATIONS, tmp_path, record(LABEL, make_people(3)), empty, gone)
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = coco.COCO(str(path))
    assert sorted(loaded.getImgIds()) == [7, 42]
    assert len(loaded.getAnnIds(imgIds=[42])) == 3
    assert loaded.getAnnIds(imgIds=[7]) == []
    assert loaded.loadCats([1])[0]["name"] == "person"


def test_supervision_loads_them(tmp_path):
    """With their pictures: as tools do into which COCO annotations are imported."""
    supervision = pytest.importorskip("supervision")
    Image.new("RGB", (60, 40)).save(tmp_path / LABEL.name)
    entry = record(LABEL, make_people(3))
    path = written(COCO_ANNOTATIONS, tmp_path, entry)
    loaded = supervision.DetectionDataset.from_coco(str(tmp_path), str(path))
    ((name, picture, found),) = loaded
    assert (loaded.classes, Path(name).name, picture.shape) == (["person"], LABEL.name, (40, 60, 3))
    np.testing.assert_allclose(found.xyxy, [person["box"] for person in entry["people"]])


def test_they_are_a_data_set(tmp_path):
    entries = make_records(4)
    dataset = load_dataset(written(COCO_ANNOTATIONS, tmp_path, *entries), None)
    assert len(dataset.image_ids) == 4
    assert dataset.skeleton == COCO_17
    boxes = [person["box"] for entry in entries for person in entry["people"]]
    np.testing.assert_allclose(np.asarray(dataset.boxes), boxes)


def test_nothing_at_all_is_valid(tmp_path):
    content = json.loads(written(COCO_ANNOTATIONS, tmp_path).read_text())
    assert (content["images"], content["annotations"]) == ([], [])
    assert content["categories"][0]["name"] == "person"
