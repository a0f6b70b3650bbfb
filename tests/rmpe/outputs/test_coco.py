"""COCO keypoint results, and that pycocotools takes them."""

import contextlib
import io
import json

import pytest

from rmpe.outputs.coco import COCO
from rmpe.outputs.records import error_record, record

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


def test_pycocotools_loads_coco_results(tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = {"images": [{"id": 42}], "annotations": [], "categories": [{"id": 1}]}
        truth.createIndex()
        (tmp_path / "r.json").write_text(text_of(COCO, record(LABEL, make_people(3))))
        assert len(truth.loadRes(str(tmp_path / "r.json")).anns) == 3
