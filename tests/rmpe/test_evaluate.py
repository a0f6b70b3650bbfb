"""Keypoint AP: of annotations themselves, of a known result file, and of the real networks."""

import json

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
    assert (measure.ap, measure.ap50, measure.ap75) == pytest.approx((0.861, 0.993, 0.911), abs=1e-3)


@pytest.mark.parametrize(
    "true_boxes, nms, least", [(True, None, 0.428), (False, "alphapose", 0.332), (False, "rmpe", 0.332)]
)
def test_real_networks_reach_the_plain_pipeline(models_dir, coco_mini, true_boxes, nms, least):
    """A hand-written pipeline of OpenCV calls on these networks reaches .428 and .332."""
    estimator = PoseEstimator(models_dir=models_dir, nms=None)
    measures = evaluate(estimator, coco_mini, nms=[nms], true_boxes=true_boxes)
    assert measures[nms or "none"].ap >= least


def test_command_prints_a_row_for_each_nms(models_dir, data_dir, capsys):
    folder = data_dir / "coco-mini"
    status = main(
        ["evaluate", str(folder / "person_keypoints.json"), str(folder / "images"), "--boxes", "true",
         "--nms", "none,paper", "--models", str(models_dir)]
    )  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert lines[0].split()[-5:] == ["AP", "AP50", "AP75", "AR", "people"]
    assert [line.split()[0] for line in lines[1:3]] == ["none", "paper"]
    assert float(lines[1].split()[1]) >= 0.42
    assert lines[3].startswith("36 images in ")


@pytest.mark.parametrize(
    "options, message",
    [
        (["--nms", "none,soft"], "--nms: must be among none, paper, rmpe, alphapose, got 'soft'"),
        (["--pose", "hourglass_aic14"], "must have the keypoints of coco_17"),
    ],
)
def test_command_refuses(models_dir, data_dir, capsys, options, message):
    folder = data_dir / "coco-mini"
    arguments = [str(folder / "person_keypoints.json"), str(folder / "images")]
    assert main(["evaluate", *arguments, "--models", str(models_dir), *options]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "content, message",
    [
        (None, "is not a COCO annotation file"),
        ("no json", "is not a COCO annotation file"),
        ("[]", "is not a COCO annotation file"),
        ('{"images": [{"id": 1, "file_name": "x.jpg"}], "annotations": []}', "none of the 1 images of"),
    ],
)
def test_what_is_no_dataset(tmp_path, content, message):
    annotations = tmp_path / "annotations.json"
    if content is not None:
        annotations.write_text(content)
    with pytest.raises(ValueError, match=message):
        load_dataset(annotations, tmp_path)
