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
from rmpe.outputs.coco import COCO
from rmpe.outputs.coco_annotations import COCO_ANNOTATIONS
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, record, tracked_record
from rmpe.outputs.run_file import RUN_FILE, RunFile
from rmpe.skeletons import COCO_17

from .material import LABEL, make_people, make_records, text_of, written


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
    assert (first["score"], second["score"]) == (0.5, 0.5)
    (category,) = content["categories"]
    assert category["keypoints"] == list(COCO_17.keypoints)
    # Counted from 1, as in COCO's own: from the left ankle to the left knee, ...
    assert {frozenset(limb) for limb in category["skeleton"]} == {
        frozenset(limb)
        for limb in [
            [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8],
            [7, 9], [8, 10], [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7],
        ]
    }  # fmt: skip


@pytest.mark.parametrize(("drawn_score", "least"), [(None, 0.3), (0.15, 0.15), (0.6, 0.6)])
def test_what_is_labeled_is_what_drawings_show_of_the_network(tmp_path, drawn_score, least):
    run = RunFile("1.0", {}, "cpu", drawn_score=drawn_score)
    (tmp_path / RUN_FILE).write_bytes(run.to_bytes())
    entry = record(LABEL, make_people(3))
    content = json.loads(written(COCO_ANNOTATIONS, tmp_path, entry).read_text())
    assert [one["num_keypoints"] for one in content["annotations"]] == [
        sum(score >= least for score in person["keypoint_scores"]) for person in entry["people"]
    ]


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


def test_pycocotools_finds_our_results_in_our_annotations(tmp_path):
    """Both files tell of the same people: every one is found, with the right number of joints."""
    coco, cocoeval = (pytest.importorskip(f"pycocotools.{name}") for name in ("coco", "cocoeval"))
    entries = make_records(4)
    for entry in entries:
        for number, person in enumerate(entry["people"]):
            person["score"] = 0.9 - 0.1 * number
            # Far from each other, so that nobody is taken for another.
            person["keypoints"] = [[x + 500 * number, y] for x, y in person["keypoints"]]
            person["box"] = [500 * number, 0, 500 * number + 200, 200]
    (tmp_path / "results.json").write_text(text_of(COCO, *entries))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO(str(written(COCO_ANNOTATIONS, tmp_path, *entries)))
        found = truth.loadRes(str(tmp_path / "results.json"))
        evaluation = cocoeval.COCOeval(truth, found, "keypoints")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    assert len(found.anns) == len(truth.anns) == 6
    assert evaluation.eval["precision"].min() == 1
    assert sum(one["num_keypoints"] for one in truth.anns.values()) == sum(
        score >= 0.3
        for entry in entries
        for person in entry["people"]
        for score in person["keypoint_scores"]
    )


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
