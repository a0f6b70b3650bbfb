"""COCO keypoint results, and that pycocotools takes them."""

import contextlib
import dataclasses
import io
import json

import numpy as np
import pytest
import torch

from rmpe.outputs.coco import COCO
from rmpe.outputs.records import error_record, record
from rmpe.skeletons import WHOLEBODY_133

from .material import LABEL, make_people, text_of


def test_coco():
    entry = record(LABEL, make_people(2))
    empty = record(LABEL, make_people(0))
    written = json.loads(text_of(COCO, entry, empty, error_record(LABEL, "gone")))
    assert len(written) == 2
    assert set(written[0]) == {"image_id", "category_id", "keypoints", "score"}
    assert (written[0]["image_id"], written[0]["category_id"]) == (42, 1)
    assert written[0]["score"] == 0.5
    person = entry["people"][0]
    assert written[0]["keypoints"][3:6] == [*person["keypoints"][1], person["keypoint_scores"][1]]
    assert len(written[0]["keypoints"]) == 51


def test_parts_of_the_whole_body_are_fields_of_their_own():
    """As in https://github.com/jin-s13/COCO-WholeBody, data_format.md."""
    entry = record(LABEL, make_people(1, skeleton=WHOLEBODY_133))
    (written,) = json.loads(text_of(COCO, entry))
    counts = {"keypoints": 17, "foot_kpts": 6, "face_kpts": 68, "lefthand_kpts": 21,
              "righthand_kpts": 21}  # fmt: skip
    parts = [written[field] for field in counts]
    assert [len(part) for part in parts] == [3 * count for count in counts.values()]
    (person,) = entry["people"]
    pairs = zip(person["keypoints"], person["keypoint_scores"], strict=True)
    assert sum(parts, []) == [value for (x, y), score in pairs for value in (x, y, score)]


def test_nobody_is_an_empty_list_on_which_pycocotools_raises():
    """As docs/results.md warns; where this fails, pycocotools has learned it."""
    coco = pytest.importorskip("pycocotools.coco")
    written = json.loads(text_of(COCO, record(LABEL, make_people(0))))
    assert written == []
    truth = coco.COCO()
    truth.dataset = {"images": [{"id": 42}], "annotations": [], "categories": [{"id": 1}]}
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(IndexError):
        truth.loadRes(written)


def test_pycocotools_loads_coco_results(tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    entry = record(LABEL, make_people(3))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = {"images": [{"id": 42}], "annotations": [], "categories": [{"id": 1}]}
        truth.createIndex()
        (tmp_path / "r.json").write_text(text_of(COCO, entry))
        found = truth.loadRes(str(tmp_path / "r.json"))
    for one, person in zip(found.anns.values(), entry["people"], strict=True):
        rows = np.reshape(one["keypoints"], (17, 3))
        np.testing.assert_array_equal(rows[:, :2], person["keypoints"])
        np.testing.assert_array_equal(rows[:, 2], person["keypoint_scores"])
        # With a box in the file, this would be the box's.
        assert one["area"] == pytest.approx(np.ptp(rows[:, :2], axis=0).prod())


def test_what_is_no_person_is_left_out():
    classes = ("dog", "person")
    people = dataclasses.replace(make_people(2), classes=classes, class_index=torch.tensor([0, 1]))
    entry = record(LABEL, people)
    (person,) = json.loads(text_of(COCO, entry))
    assert person["keypoints"][:2] == entry["people"][1]["keypoints"][0]
