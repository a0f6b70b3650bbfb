"""``rmpe evaluate``: its table, and what it refuses."""

import re

import pytest

from rmpe.cli import main

from ..coco_annotations import annotations, person, write


def test_command_prints_a_row_for_each_nms(models_dir, data_dir, capsys):
    folder = data_dir / "coco-mini"
    status = main(
        ["evaluate", str(folder / "person_keypoints.json"), str(folder / "images"),
         "--boxes", "true", "--nms", "none, paper,none", "--models", str(models_dir),
         "--pose", "simplepose_coco17"]
    )  # fmt: skip
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert status == 0
    assert "44 of 80 annotated images are not in " in printed.err
    assert lines[0].split()[-7:] == ["AP", "AP50", "AP75", "APM", "APL", "AR", "people"]
    assert [line.split()[0] for line in lines[1:3]] == ["none", "paper"]
    assert float(lines[1].split()[1]) >= 0.42
    assert lines[3].startswith("36 images in ")
    assert re.fullmatch(
        r"batch size up to \d+, or \d+ MiB of pixels \(.* of memory free\)", lines[4]
    )


def test_bootstrap_prints_an_interval_around_each_measure(models_dir, data_dir, capsys):
    folder = data_dir / "coco-mini"
    arguments = [str(folder / "person_keypoints.json"), str(folder / "images"), "--boxes", "true"]
    options = ["--nms", "none", "--bootstrap", "200", "--models", str(models_dir)]
    assert main(["evaluate", *arguments, *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["none", "from", "to"]
    found, low, high = ([float(cell) for cell in line.split()[1:7]] for line in lines[1:4])
    for value, least, most in zip(found, low, high, strict=True):
        assert least < value < most
    assert lines[4] == "from, to: 95% of 200 draws of as many images"


def test_command_refuses_more_resamples_than_can_be_drawn(capsys):
    assert main(["evaluate", "a.json", "images", "--bootstrap", str(10**12)]) == 2
    assert "--bootstrap must be at most 10000000, got 1000000000000" in capsys.readouterr().err


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
    "people, message",
    [
        ([], "annotations.json: at least one person in the 1 images that are there must have a"),
        ([person(area="81")], "area of annotations[0] (id 5) must be square pixels, from 0, got"),
    ],
)
def test_command_refuses_what_cannot_be_measured_on(models_dir, tmp_path, capsys, people, message):
    file = write(annotations(*people), tmp_path)
    assert main(["evaluate", str(file), str(tmp_path), "--models", str(models_dir)]) == 2
    assert message in capsys.readouterr().err
