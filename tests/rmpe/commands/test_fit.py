"""``rmpe fit-proposals`` and ``rmpe fit-nms`` from the command line."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rmpe.cli import build_parser, main
from rmpe.commands import fit_nms
from rmpe.commands._readable import keep_readable
from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import DatasetError
from rmpe.method.fit_nms import SuppressionFit
from rmpe.method.fitted_suppression import FittedSuppression
from rmpe.method.preset_file import load_preset
from rmpe.method.proposals import read_proposals
from rmpe.method.suppressions import PRESET_KINDS, SUPPRESSIONS, preset_of
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.predictions import Predictions

from ..coco_annotations import annotations, person
from ..method.test_fit_nms import DATASET, PEOPLE
from ..training.material import draw_people

SHARED = Path(os.environ.get("RMPE_DATA", "../shared/data"))
MODELS = Path(os.environ.get("RMPE_MODELS", "../shared/models"))
NETWORKS = (
    "--models", str(MODELS), "--detector", "ssd_mobilenet_v1_coco", "--pose", "simplepose_coco17",
)  # fmt: skip
COCO = [str(SHARED / "coco-mini/person_keypoints.json"), str(SHARED / "coco-mini/images")]
needs_models = pytest.mark.skipif(
    not (MODELS.is_dir() and SHARED.is_dir()),
    reason="needs the networks and photographs of ../shared",
)


def test_some_kinds_are_presets():
    for kind in SUPPRESSIONS:
        defaults = SUPPRESSIONS[kind].defaults
        if kind in PRESET_KINDS:
            assert preset_of(kind, defaults, 17).sigma2 == pytest.approx(defaults["sigma2"])
        else:
            with pytest.raises(KeyError):
                preset_of(kind, defaults, 17)


@pytest.mark.parametrize("best", ["rmpe", "alphapose-merge", "box-nms", "soft-oks-nms"])
def test_the_best_kind_is_written_with_what_it_was_fitted_on(tmp_path, capsys, best):
    arguments = build_parser().parse_args(
        ["fit-nms", "train.json", "images", "--flip", "--threshold", "0.2", "--out",
         str(tmp_path / "fitted.toml"), "--pose", "simplepose_coco17"]
    )  # fmt: skip
    rows = {
        kind: fit_nms._Row(
            SuppressionFit(SUPPRESSIONS[kind], dict(SUPPRESSIONS[kind].defaults), 0.5, 1, {}),
            0.4 if kind == best else 0.3, (0.2, 0.5),
        )
        for kind in SUPPRESSIONS
    }  # fmt: skip
    fit_nms._write(arguments, PEOPLE, rows)
    assert f"wrote {best} to" in capsys.readouterr().out
    text = (tmp_path / "fitted.toml").read_text()
    for line in (
        f"# fitted by rmpe fit-nms to train.json: {best}, AP 0.400 by cross-validation in 5 parts",
        "# 4 starts, seed 0",
        "# detector small_ssd_person, least score 0.2",
        "# pose network simplepose_coco17, 17 keypoints (coco_17)",
        "# decode convention hrnet, flip on, stn compose",
    ):
        assert line in text.splitlines()
    preset = load_preset(tmp_path / "fitted.toml")
    defaults = dict(SUPPRESSIONS[best].defaults)
    if best in PRESET_KINDS:
        assert preset == preset_of(best, defaults, 17)
    else:
        assert preset == FittedSuppression(best, defaults)


@needs_models
def test_fit_nms_writes_a_preset_that_evaluate_takes(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    preset, plot = tmp_path / "fitted.toml", tmp_path / "surface.png"
    command = ["fit-nms", *COCO, *NETWORKS, "--kinds", "rmpe,box-nms", "--starts", "1"]
    assert main([*command, "--folds", "2", "--out", str(preset), "--plot", str(plot)]) == 0
    table = capsys.readouterr().out
    assert "327 poses in 36 images; AP 0.341 without suppression" in table
    lines = {line.split()[0]: line.split() for line in table.splitlines()}
    assert float(lines["rmpe"][1]) >= 0.345 and float(lines["box-nms"][1]) >= 0.345
    assert plot.read_bytes().startswith(b"\x89PNG")
    best = max(("rmpe", "box-nms"), key=lambda kind: float(lines[kind][2]))
    assert f"wrote {best} to" in table
    assert main(["evaluate", *COCO, *NETWORKS, "--nms", f"none,{preset}"]) == 0
    measured = [line.split() for line in capsys.readouterr().out.splitlines()[1:3]]
    assert measured[0][:2] == ["none", "0.341"]
    assert measured[1][1] == lines[best][1]


@needs_models
def test_fit_nms_measures_on_held_out_images(capsys, tmp_path):
    content = json.loads(Path(COCO[0]).read_text())
    images = [one for one in content["images"] if (Path(COCO[1]) / one["file_name"]).exists()]
    halves = []
    for k in (0, 1):
        halves.append(str(tmp_path / f"{k}.json"))
        ids = {image["id"] for image in images[k::2]}
        people = [one for one in content["annotations"] if one["image_id"] in ids]
        half = content | {"images": images[k::2], "annotations": people}
        Path(halves[k]).write_text(json.dumps(half))
    command = ["fit-nms", halves[0], COCO[1], *NETWORKS, "--kinds", "box-nms", "--starts", "1"]
    assert main([*command, "--held-out", halves[1]]) == 0
    table = capsys.readouterr().out.splitlines()
    assert all("poses in 18 images; AP" in line for line in table[:2]) and table[0] != table[1]
    assert re.fullmatch(r"39 settings measured in [0-9.]+ s of processor time", table[2])
    assert "held out" in table[3]
    kind, _, held_out, low, _, high, *_ = table[4].split()
    assert kind == "box-nms" and float(low) < float(held_out) < float(high)


def test_fit_nms_to_the_poses_of_a_file(tmp_path, capsys):
    names = [{"id": i, "file_name": f"{i}.jpg"} for i in DATASET.image_ids]
    joints = np.concatenate([DATASET.keypoints, DATASET.visibility[..., None]], axis=2)
    people = [
        person(id=i, image_id=int(image), area=float(area), bbox=[*box[:2], *(box[2:] - box[:2])],
               keypoints=joint.ravel().tolist())
        for i, (image, area, box, joint) in enumerate(
            zip(DATASET.image_index, DATASET.areas, DATASET.boxes, joints, strict=True)
        )
    ]  # fmt: skip
    found = zip(
        PEOPLE.image_index.tolist(),
        torch.cat([PEOPLE.keypoints, PEOPLE.keypoint_scores[..., None]], 2).flatten(1).tolist(),
        torch.cat([PEOPLE.boxes[:, :2], PEOPLE.boxes[:, 2:] - PEOPLE.boxes[:, :2]], 1).tolist(),
        PEOPLE.scores.tolist(),
        strict=True,
    )
    fields = "image_id", "keypoints", "bbox", "score"
    poses, preset = tmp_path / "poses.json", tmp_path / "fitted.toml"
    poses.write_text(json.dumps([dict(zip(fields, one, strict=True)) for one in found]))
    halves = []
    for k in (0, 1):
        part = annotations(*(one for one in people if one["image_id"] % 2 == k), images=names[k::2])
        halves.append(tmp_path / f"{k}.json")
        halves[k].write_text(json.dumps(part))
    command = ["fit-nms", str(halves[0]), "--results", str(poses), "--kinds", "box-nms"]
    assert main([*command, "--held-out", str(halves[1]), "--out", str(preset)]) == 0
    table = capsys.readouterr().out
    assert table.count("45 poses in 15 images; AP") == 2
    # Nobody is found twice any more, in both halves.
    best = DATASET.select(np.arange(1, 30, 2))
    kept = Predictions.from_people(PEOPLE.select(torch.arange(len(PEOPLE)) < 60))
    odd = kept.select(kept.image_index % 2 == 1)
    wanted = average_precision(best, replace(odd, image_index=odd.image_index // 2)).ap
    assert float(table.splitlines()[-2].split()[2]) == pytest.approx(wanted, abs=5e-4)
    text = preset.read_text().splitlines()
    assert "# poses of poses.json, 17 keypoints (coco_17)" in text
    assert not any("network" in line for line in text)
    assert load_preset(preset).kind == "box-nms"


@pytest.mark.parametrize("ids", [[0, 1, 2], [2]])
def test_images_that_were_fitted_to_are_not_held_out(tmp_path, capsys, ids):
    folder = draw_people(tmp_path, 4)
    content = json.loads((folder / "people.json").read_text())
    for name, kept in (("fitted", [0, 1, 2]), ("held", [*ids, 3])):
        part = {
            "images": [one for one in content["images"] if one["id"] in kept],
            "annotations": [one for one in content["annotations"] if one["image_id"] in kept],
        }
        (folder / f"{name}.json").write_text(json.dumps(content | part))
    command = ["fit-nms", str(folder / "fitted.json"), str(folder / "images")]
    assert main([*command, "--held-out", str(folder / "held.json")]) == 2
    message = capsys.readouterr().err
    assert f"--held-out must have images of its own, got {len(ids)} that are in " in message
    assert f"{ids[0]}.png" in message


def test_a_damaged_photograph_is_left_out_with_a_line(tmp_path, capsys):
    folder = draw_people(tmp_path, 4)
    (folder / "images/1.png").write_bytes(b"not an image")
    dataset = keep_readable(load_dataset(folder / "people.json", folder / "images"))
    assert dataset.image_ids == (0, 2, 3) and dataset.image_index.tolist() == [0, 1, 2]
    said = capsys.readouterr().err
    assert "1 of 4 images" in said and "are left out: " in said and "1.png: not an image" in said
    # Both commands go on with the others, to the networks, which they do not find.
    for command in (["fit-nms", "--folds", "4"], ["fit-proposals", "--out", str(tmp_path / "p")]):
        command[1:1] = [str(folder / "people.json"), str(folder / "images")]
        assert main([*command, "--detector", "/nowhere/card.toml"]) == 2
        assert "1 of 4 images" in capsys.readouterr().err
    for image in (folder / "images").iterdir():
        image.write_bytes(b"")
    with pytest.raises(DatasetError, match="none of its 4 images can be read"):
        keep_readable(load_dataset(folder / "people.json", folder / "images"))


@needs_models
def test_fit_proposals_with_the_detector(tmp_path, capsys):
    out = tmp_path / "proposals.json"
    command = ["fit-proposals", *COCO, "--models", str(MODELS), "--atomic-poses", "2"]
    assert main([*command, "--out", str(out)]) == 0
    assert "annotated people were detected" in capsys.readouterr().out
    proposals = read_proposals(out)
    assert len(proposals.mixtures) == 3
    provenance = json.loads(out.read_text())["provenance"]
    assert (provenance["boxes"], provenance["least_score"]) == ("small_ssd_person", 0.25)
    mean, covariance = proposals.overall()
    # What any detector of people does: the edges are right on average, within a tenth or two.
    assert (np.abs(mean) < 0.1).all()
    assert (0.02 < np.sqrt(np.diag(covariance))).all() and (
        np.sqrt(np.diag(covariance)) < 0.3
    ).all()


@pytest.mark.parametrize(
    "command, message",
    [
        (["fit-nms", *COCO, "--out", "fitted.json"], "--out must end in .toml"),
        (["fit-nms", COCO[0]], "name the folder of the images, or a file of poses with --results"),
        (["fit-nms", COCO[0], "--results", "gone.json"], "gone.json cannot be read"),
        (
            ["fit-nms", COCO[0], "--results", "gone.json", "--compile"],
            "torch.compile would do nothing",
        ),
        (["fit-nms", *COCO, "--kinds", "papr"], "must be among paper"),
        (["fit-proposals", COCO[0], "--out", "p.json"], "name the folder of the images"),
        (["fit-proposals", *COCO, "--out", "p.json", "--prior", "-1"], "--prior must be 0 or more"),
        (["fit-nms", *COCO, "--plot", "a.foo"], "--plot: a picture must be one of"),
        (["fit-nms", *COCO, "--out", "gone/a.toml"], "gone: there is no such folder"),
        (["fit-proposals", *COCO, "--out", "."], "cannot write .: Is a directory"),
        (["fit-proposals", "nowhere.json", "x", "--out", "p.json"], "nowhere.json cannot be read"),
        # Before the networks run, which takes long.
        (["fit-nms", *COCO, "--models", "/nowhere", "--held-out", "gone.json"], "gone.json cannot"),
        (
            ["fit-nms", *COCO, "--models", "/nowhere", "--folds", "37"],
            "--folds must be at most the number of images, 36, got 37",
        ),
        (
            ["fit-nms", *COCO, "--seed", "-1"],
            "--seed: must be a whole number from 0, got -1",
        ),
        (["fit-proposals", *COCO, "--out", "p.json", "--seed", str(2**70)], "--seed: must be a wh"),
        (["fit-nms", *COCO, "--starts", "9" * 5000], "from 1, got " + "9" * 200 + "...\n"),
        (["fit-nms", *COCO, "--threads", "1025"], "must be a whole number from 1 to 1024, got 102"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(capsys, command, message):
    try:
        status = main(command)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert message in capsys.readouterr().err
