"""Keypoint AP: of annotations themselves, of a known result file, and of the real networks."""

import json
import re

import numpy as np
import pytest

from rmpe import PoseEstimator
from rmpe.cli import main
from rmpe.evaluate import average_precision, evaluate, load_dataset


@pytest.fixture(scope="module")
def coco_mini(data_dir):
    folder = data_dir / "coco-mini"
    return load_dataset(folder / "person_keypoints.json", folder / "images")


def test_dataset_holds_the_images_that_are_there(coco_mini):
    assert len(coco_mini.paths) == len(coco_mini.image_ids) == len(coco_mini.boxes) == 36
    assert sum(len(boxes) for boxes in coco_mini.boxes) == 86
    assert all(path.is_file() for path in coco_mini.paths)
    boxes = np.concatenate(coco_mini.boxes)
    assert (boxes[:, 2:] > boxes[:, :2]).all()


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


@pytest.mark.parametrize(
    "true_boxes, nms, least",
    [(True, None, 0.428), (False, "alphapose", 0.332), (False, "rmpe", 0.332)],
)
def test_real_networks_reach_the_plain_pipeline(models_dir, coco_mini, true_boxes, nms, least):
    """A hand-written pipeline of OpenCV calls on these networks reaches .428 and .332."""
    estimator = PoseEstimator(models_dir=models_dir, nms=None)
    measures = evaluate(estimator, coco_mini, nms=[nms], true_boxes=true_boxes)
    assert measures[nms or "none"].ap >= least


def test_command_prints_a_row_for_each_nms(models_dir, data_dir, capsys):
    folder = data_dir / "coco-mini"
    status = main(
        ["evaluate", str(folder / "person_keypoints.json"), str(folder / "images"),
         "--boxes", "true", "--nms", "none, paper,none", "--models", str(models_dir)]
    )  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert lines[0].split()[-5:] == ["AP", "AP50", "AP75", "AR", "people"]
    assert [line.split()[0] for line in lines[1:3]] == ["none", "paper"]
    assert float(lines[1].split()[1]) >= 0.42
    assert lines[3].startswith("36 images in ")
    assert re.fullmatch(
        r"batch size up to \d+, or \d+ MiB of pixels \(.* of memory free\)", lines[4]
    )


def test_command_refuses_other_skeletons(models_dir, data_dir, capsys):
    folder = data_dir / "coco-mini"
    arguments = [str(folder / "person_keypoints.json"), str(folder / "images")]
    options = ["--models", str(models_dir), "--pose", "hourglass_aic14"]
    assert main(["evaluate", *arguments, *options]) == 2
    assert "must have the keypoints of coco_17" in capsys.readouterr().err


def test_command_refuses_unknown_nms(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["evaluate", "a.json", "images", "--nms", "none,soft"])
    assert caught.value.code == 2
    message = "--nms: must be among none, paper, rmpe, alphapose, got soft"
    assert message in capsys.readouterr().err


def test_command_without_the_kernels_that_are_demanded(monkeypatch, capsys):
    def fail():
        raise ImportError("RMPE_EXT_BACKEND=native, but there is no library")

    monkeypatch.setattr("rmpe_ext.backend", fail, raising=False)
    assert main(["evaluate", "a.json", "images"]) == 2
    assert capsys.readouterr().err == (
        "rmpe evaluate: error: RMPE_EXT_BACKEND=native, but there is no library\n"
    )


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


def test_least_annotations_can_be_evaluated_on(tiny, tmp_path):
    tiny["annotations"].append({"id": 6, "image_id": 1, "category_id": 2})
    dataset = load(tiny, tmp_path)
    assert dataset.boxes[0].tolist() == [[0, 0, 9, 9]]
    row = {"image_id": 1, "category_id": 1, "keypoints": [3, 3, 1] * 17, "score": 1.0}
    assert average_precision(dataset, [row]).ap == pytest.approx(1)


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
