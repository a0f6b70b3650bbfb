"""Results in AlphaPose's layout."""

import dataclasses
import json

import pytest
import torch

from rmpe.outputs.alphapose import ALPHAPOSE
from rmpe.outputs.records import error_record, record

from .material import LABEL, make_people, text_of


def test_alphapose():
    entry = record(LABEL, make_people(2))
    written = json.loads(text_of(ALPHAPOSE, entry, error_record(LABEL, "gone")))
    assert [item["idx"] for item in written] == [0, 1]
    item, person = written[0], entry["people"][0]
    assert (item["image_id"], item["category_id"]) == ("b_x.jpg", 1)
    assert item["box"] == [1.0, 2.0, 30.5, 20.25]
    scores = person["keypoint_scores"]
    assert item["score"] == pytest.approx(sum(scores) / 17 + 0.75 + 1.25 * max(scores), abs=1e-6)
    assert item["keypoints"][:3] == [*person["keypoints"][0], scores[0]]


def test_what_is_no_person_is_left_out():
    classes = ("dog", "person")
    people = dataclasses.replace(make_people(2), classes=classes, class_index=torch.tensor([0, 1]))
    entry = record(LABEL, people)
    (person,) = json.loads(text_of(ALPHAPOSE, entry))
    assert person["idx"] == 1  # as on the drawing
    assert person["keypoints"][:2] == entry["people"][1]["keypoints"][0]
