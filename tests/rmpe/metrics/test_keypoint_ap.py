"""Keypoint AP of annotations themselves, and of a known result file."""

import json

import pytest

from rmpe.datasets import load_dataset
from rmpe.metrics.keypoint_ap import average_precision


def test_annotations_as_results_are_perfect(coco_mini):
    present = set(coco_mini.image_ids)
    rows = [
        {name: person[name] for name in ("image_id", "category_id", "keypoints")} | {"score": 1.0}
        for person in json.loads(coco_mini.annotations.read_text())["annotations"]
        if person["image_id"] in present and person["num_keypoints"] and not person["iscrowd"]
    ]
    measure = average_precision(coco_mini, rows)
    assert measure.ap == pytest.approx(1.0)
    assert measure.people == len(rows)
    assert average_precision(coco_mini, []).ap == 0.0


def test_known_result_file(data_dir, tmp_path):
    """A pair of truth and predictions whose AP pycocotools is known to give."""
    folder = data_dir / "coco-eval-pair"
    truth = folder / "example_coco_val.json"
    for image in json.loads(truth.read_text())["images"]:
        (tmp_path / image["file_name"]).touch()
    measure = average_precision(
        load_dataset(truth, tmp_path), json.loads((folder / "example_coco_preds.json").read_text())
    )
    found = (measure.ap, measure.ap50, measure.ap75)
    assert found == pytest.approx((0.861, 0.993, 0.911), abs=1e-3)


def test_least_annotations_can_be_evaluated_on(tmp_path):
    person = {
        "id": 5,
        "image_id": 1,
        "category_id": 1,
        "bbox": [0, 0, 9, 9],
        "area": 81,
        "iscrowd": 0,
        "num_keypoints": 17,
        "keypoints": [3, 3, 2] * 17,
    }
    content = {
        "images": [{"id": 1, "file_name": "x.jpg"}],
        "categories": [{"id": 1}],
        "annotations": [person, {"id": 6, "image_id": 1, "category_id": 2}],
    }
    (tmp_path / "x.jpg").touch()
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    dataset = load_dataset(tmp_path / "annotations.json", tmp_path)
    assert dataset.boxes[0].tolist() == [[0, 0, 9, 9]]
    row = {"image_id": 1, "category_id": 1, "keypoints": [3, 3, 1] * 17, "score": 1.0}
    assert average_precision(dataset, [row]).ap == pytest.approx(1)
