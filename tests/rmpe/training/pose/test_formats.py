"""Training on annotations of other formats."""

import json

import numpy as np
import pytest

from rmpe.cli import main
from rmpe.skeletons import COCO_17, MPII_16
from rmpe.training.config import ConfigError
from rmpe.training.pose.task import PoseTask
from rmpe.training.read import parse_config

from ..material import CONFIG, draw_people

MPII = CONFIG.replace('images = "images"', 'images = "images"\nformat = "mpii"').replace(
    "people.json", "mpii.json"
)


@pytest.fixture
def data(tmp_path):
    """Drawn people, with those joints that MPII has, too, and a head above the nose."""
    folder = draw_people(tmp_path / "data", 4)
    content = json.loads((folder / "people.json").read_text())
    entries = []
    for image, person in zip(content["images"], content["annotations"], strict=True):
        points = np.array(person["keypoints"]).reshape(17, 3)[:, :2]
        named = dict(zip(COCO_17.keypoints, points, strict=True))
        named["neck"] = (named["left_shoulder"] + named["right_shoulder"]) / 2
        named["head_top"] = named["nose"] - [0, 8]
        own = [[*(named[k] + 1), 1.0] if k in named else [0.0] * 3 for k in MPII_16.keypoints]
        nobody = {"_ArrayType_": "double", "_ArraySize_": [0, 0], "_ArrayData_": None}
        entries.append({
            "dataset": "MPI", "img_paths": image["file_name"], "img_width": 160.0,
            "img_height": 120.0, "isValidation": float(len(entries) == 3), "joint_self": own,
            "joint_others": nobody, "numOtherPeople": 0.0,
        })  # fmt: skip
    (folder / "mpii.json").write_text(json.dumps(entries))
    return folder


def test_mpii_is_trained_on_and_measured_by_pckh(data, tmp_path, capsys):
    text = MPII.replace('"mpii"\n', '"mpii"\nsplit = "train"\n', 1)
    (tmp_path / "config.toml").write_text(text)
    status = main([
        "train", str(tmp_path / "config.toml"), "--data", str(data), "--samples", "8",
        "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "run"),
    ])  # fmt: skip
    assert status == 0
    assert "mpii.json: 3 people in 3 photographs" in capsys.readouterr().out
    assert 'skeleton = "mpii_16"' in (tmp_path / "run/average.toml").read_text()
    measured = json.loads((tmp_path / "run/log.jsonl").read_text().splitlines()[-1])
    assert 0 <= measured["pckh"] <= 1


def task(text, data, tmp_path, **options):
    return PoseTask(
        parse_config(text), data=data, cache=tmp_path / "cache", folder=tmp_path, **options
    )


def test_skeletons_are_not_mixed(data, tmp_path):
    text = MPII.replace("mpii.json", "people.json", 1).replace('"mpii"', '"coco"', 1)
    with pytest.raises(ConfigError, match="validation must have the skeleton of the sources"):
        task(text, data, tmp_path)
    other = '[[source]]\nannotations = "people.json"\nimages = "images"\n\n[validation]'
    with pytest.raises(ConfigError, match="all sources must have one skeleton, got coco_17, mpii"):
        task(MPII.replace("[validation]", other), data, tmp_path)


def test_overfitting_needs_sigmas(data, tmp_path):
    with pytest.raises(ConfigError, match="--overfit measures OKS, .* mpii_16 has no sigmas"):
        task(MPII, data, tmp_path, overfit=2)
