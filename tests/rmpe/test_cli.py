"""The command line: what it writes, what it refuses, and its exit status."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rmpe import cli
from rmpe.commands import _options
from rmpe.commands._excerpt import seconds
from rmpe.errors import ModelError
from rmpe.inputs import prefetch
from rmpe.inputs.images import read_image
from rmpe.models.read import load_card
from rmpe.outputs import drawing_files
from rmpe.outputs.files import AppendedFile
from rmpe.people import People
from rmpe.skeletons import COCO_17
from rmpe.timing import StageTimer
from rmpe_ext.conventions import CONVENTIONS
from rmpe_ext.presets import PRESETS

# Networks whose files do not come with the package, and that need onnxruntime.
ONNX_PAIR = ("--detector", "ssd_mobilenet_v1_coco", "--pose", "simplepose_coco17")


class FakeEstimator:
    """Finds one person in every image that is not black; chokes on red ones."""

    score = 0.9

    def __init__(self, detector, pose, **options):
        self.names = (detector, pose)
        self.options = options
        self.device = torch.device(options["device"])
        self.batches = []
        self.timer = StageTimer()
        self.drawn_score = load_card(pose).drawn_score
        FakeEstimator.made.append(self)

    def __call__(self, batch):
        self.batches.append(len(batch))
        if any((image == (255, 0, 0)).all() for image in batch):
            raise RuntimeError("red is not my color\nand more on a second line")
        index = torch.tensor([i for i, image in enumerate(batch) if image.any()], dtype=torch.int64)
        count = len(index)
        return People(
            keypoints=torch.rand(count, 17, 2) * 20,
            keypoint_scores=torch.full((count, 17), self.score),
            boxes=torch.tensor([[1.0, 1.0, 20.0, 20.0]]).repeat(count, 1),
            box_scores=torch.full((count,), 0.8),
            scores=torch.full((count,), 0.7),
            image_index=index,
            image_sizes=tuple(image.shape[:2] for image in batch),
            skeleton=COCO_17,
        )


@pytest.fixture
def estimators(monkeypatch):
    """The fake estimators that were made."""
    FakeEstimator.made = []
    monkeypatch.setattr("rmpe.pipeline.PoseEstimator", FakeEstimator)
    return FakeEstimator.made


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with the folder ``photos``: two images, one of them without people."""
    monkeypatch.chdir(tmp_path)
    save("photos/street.png", 90)
    save("photos/black7.png", 0)
    return tmp_path


def save(path, color, size=(24, 32)):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), color, np.uint8)).save(path)


def infer(*arguments):
    return cli.main(["infer", *map(str, arguments)])


def lines(path="rmpe-results/results.jsonl"):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_everything_is_written(folder, estimators, capsys):
    assert infer("photos") == 0
    out = folder / "rmpe-results"
    assert sorted(path.name for path in out.iterdir()) == [
        "alphapose-results.json",
        "coco-results.json",
        "drawings",
        "images.json",
        "results.jsonl",
        "run.json",
    ]
    assert [(line["file"], len(line["people"])) for line in lines()] == [
        ("photos/black7.png", 0),
        ("photos/street.png", 1),
    ]
    assert sorted(path.name for path in (out / "drawings").iterdir()) == [
        "black7.png",
        "street.png",
    ]
    (coco,) = json.loads((out / "coco-results.json").read_text())
    assert coco["image_id"] == 1
    (person,) = json.loads((out / "alphapose-results.json").read_text())
    assert person["image_id"] == "street.png"
    listed = json.loads((out / "images.json").read_text())["images"]
    assert [(image["id"], image["people"]) for image in listed] == [(7, 0), (1, 1)]
    printed = capsys.readouterr()
    assert "images       2" in printed.out
    assert "people       1" in printed.out
    assert "images/s" in printed.out
    assert "read" in printed.out
    assert printed.out.endswith("results      rmpe-results\ndrawings     rmpe-results/drawings\n")
    assert printed.err == ""


def test_choices_reach_the_estimator(folder, estimators):
    assert infer("photos", "--nms", "none", "--flip", "--threshold", "0.3", "--device", "cpu",
                 "--convention", "dark", "--models", "nets", "--batch-size", "1",
                 "--classes", "dog, traffic light") == 0  # fmt: skip
    (made,) = estimators
    options = made.options
    assert made.names == ("small_ssd_person", "small_hourglass_coco17")
    assert options["nms"] is None
    assert (options["flip"], options["threshold"]) == (True, 0.3)
    assert (options["device"], options["convention"]) == ("cpu", "dark")
    assert options["models_dir"] == "nets"
    assert options["classes"] == ["dog", "traffic light"]
    assert made.batches == [1, 1]


def test_every_preset_and_convention_is_offered():
    assert set(_options.NMS) == {"none", *PRESETS}
    assert set(_options.CONVENTIONS) == set(CONVENTIONS)


def test_formats_and_no_drawings(folder, estimators):
    assert infer("photos", "--formats", "coco", "--no-draw", "--out", "a/b", "--quiet") == 0
    assert sorted(path.name for path in Path("a/b").iterdir()) == [
        "coco-results.json", "images.json", "run.json",
    ]  # fmt: skip


def test_quiet(folder, estimators, capsys):
    assert infer("photos", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("option", ["--no-boxes", "--no-numbers", "--draw-scores"])
def test_options_change_the_drawings(folder, estimators, option):
    for out, options in {"plain": [], "changed": [option]}.items():
        torch.manual_seed(0)
        assert infer("photos", "--out", out, *options) == 0
    plain, changed = (read_image(f"{out}/drawings/street.png") for out in ("plain", "changed"))
    assert (plain != changed).any()


def test_unsure_people_and_joints_are_written_but_not_drawn(folder, estimators):
    photo = read_image("photos/street.png")
    for option, value, is_drawn in [
        ("--min-person-score", 0.7, True),
        ("--min-person-score", 0.71, False),
        ("--min-keypoint-score", 0.8, True),
        ("--min-keypoint-score", 0.91, False),
    ]:
        assert infer("photos/street.png", option, value, "--overwrite") == 0
        drawing = read_image("rmpe-results/drawings/street.png")
        assert (drawing != photo).any() == is_drawn, (option, value)
        assert len(lines()[0]["people"]) == 1


def test_least_scores_of_joints_are_the_networks_own(folder, estimators, monkeypatch):
    """Peaks of hourglass_aic14 are low, and its card says so."""
    monkeypatch.setattr(FakeEstimator, "score", 0.2)
    photo = read_image("photos/street.png")
    for pose, drawn_score, options, is_drawn in (
        ("simplepose_coco17", None, [], False),
        ("simplepose_coco17", None, ["--min-keypoint-score", "0.2"], True),
        ("hourglass_aic14", 0.15, [], True),
        ("hourglass_aic14", 0.15, ["--min-keypoint-score", "0.3"], False),
    ):
        assert infer("photos/street.png", "--pose", pose, "--overwrite", *options) == 0
        drawing = read_image("rmpe-results/drawings/street.png")
        assert (drawing != photo).any() == is_drawn, (pose, options)
        assert json.loads(Path("rmpe-results/run.json").read_text())["drawn_score"] == drawn_score


@pytest.fixture
def bad_files(folder):
    """Files beside the good ones that cannot be read, and the reasons."""
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(photo).save("photos/cut.jpg")
    Path("photos/cut.jpg").write_bytes(Path("photos/cut.jpg").read_bytes()[:3000])
    Path("photos/empty.jpg").touch()
    Path("photos/text.jpg").write_text("Dear diary")
    return {"cut": "truncated", "empty": "the file is empty", "text": "not an image"}


def test_bad_files_are_skipped_and_reported(bad_files, estimators, capsys):
    assert infer("photos", "--batch-size", "2") == 1
    printed = capsys.readouterr()
    by_file = {Path(line["file"]).stem: line for line in lines()}
    assert len(by_file) == 5
    for stem, reason in bad_files.items():
        assert reason in by_file[stem]["error"]
        (message,) = [m for m in printed.err.splitlines() if f"{stem}.jpg" in m]
        assert message.startswith(f"rmpe infer: skipped photos/{stem}.jpg: ")
        assert reason in message
    assert "skipped      3" in printed.out
    assert len(by_file["street"]["people"]) == 1
    listed = json.loads(Path("rmpe-results/images.json").read_text())["images"]
    assert sum("error" in image for image in listed) == 3


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_reader_that_is_gone_costs_only_the_messages(bad_files, estimators, monkeypatch, stream):
    """As in `rmpe infer photos 2>&1 | head -1`."""
    assert infer("photos", "--out", "whole") == 1
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as pipe:
        monkeypatch.setattr(sys, stream, pipe)
        assert infer("photos", "--batch-size", "1") == 1
    assert [line["file"] for line in lines()] == [
        line["file"] for line in lines("whole/results.jsonl")
    ]
    assert not list(Path("rmpe-results").glob("*.partial"))


def test_summary_that_cannot_be_written_is_told_by_the_exit_status(folder, estimators, monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert infer("photos") == 1
    assert len(lines()) == 2


@pytest.mark.parametrize("buffering", [-1, 1])
@pytest.mark.parametrize("words", [["models"], ["models", "--json"], ["doctor"]])
def test_output_onto_a_full_disk_is_one_line(words, buffering, monkeypatch, capsys):
    with open("/dev/full", "w", buffering) as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.main(words) == 1
    message = f"rmpe {words[0]}: error: the output cannot be written: No space left on device"
    assert capsys.readouterr().err.splitlines() == [message]


@pytest.mark.parametrize("buffering", [-1, 1])
@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["infer", "--help"], ["models", "show", "--help"]]
)
def test_help_and_version_onto_a_full_disk_are_one_line(words, buffering, monkeypatch, capsys):
    with open("/dev/full", "w", buffering) as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.main(words) == 1
    message = "rmpe: error: the output cannot be written: No space left on device"
    assert capsys.readouterr().err.splitlines() == [message]


@pytest.mark.parametrize("words", [["--version"], ["infer", "--help"]])
def test_help_and_version_for_a_reader_that_is_gone(words, monkeypatch, capsys):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert cli.main(words) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "words",
    [
        ["smooth", "results", "--out", "smooth", "--max-gap"],
        ["smooth", "results", "--out", "smooth", "--filter"],
        ["infer", "walk.mp4", "--start"],
        ["infer", "walk.mp4", "--batch-size"],
        ["train", "net.toml", "--samples"],
        [],
    ],
)
def test_messages_quote_the_beginning_of_long_words(words, capsys):
    with pytest.raises(SystemExit):
        cli.main([*words, "9" * 5000 + "x"])
    error = capsys.readouterr().err.splitlines()[-1]
    assert "9" * 150 in error and "..." in error and len(error) < 600


def test_names_and_errors_reach_the_terminal_without_controls(folder, estimators, capsys):
    name = "photos/\x1b]0;owned\x07\nrmpe infer: error: forged\n.jpg"
    Path(name).write_text("x")
    save("photos/red.png", (255, 0, 0))
    out = "out\x1b[2J\nforged"
    assert infer("photos", "--out", out, "--verbose") == 1
    assert infer("photos", "--out", out) == 2
    printed = capsys.readouterr()
    text = printed.out + printed.err
    assert "\x1b" not in text and "\x07" not in text
    assert not [line for line in text.splitlines() if line.startswith(("forged", ".jpg"))]
    assert "\nrmpe infer: error: forged" not in text


def test_only_bad_files(folder, estimators):
    Path("empty.jpg").touch()
    assert infer("empty.jpg") == 1
    assert "error" in lines()[0]


def test_strange_but_good_images(folder, estimators):
    save("odd/dot.png", 9, (1, 1))
    save("odd/wide.png", 9, (1, 500))
    Image.fromarray(np.full((9, 8), 40000, np.uint16)).save("odd/deep.png")
    Image.fromarray(np.full((9, 8), 40, np.uint8)).save("odd/gray.png")
    Image.fromarray(np.full((9, 8, 4), 40, np.uint8)).save("odd/alpha.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.full((9, 8, 3), 40, np.uint8)).save("odd/turned.jpg", exif=exif)
    assert infer("odd") == 0
    sizes = {Path(line["file"]).stem: (line["width"], line["height"]) for line in lines()}
    assert sizes["turned"] == (9, 8)
    assert sizes["gray"] == (8, 9)
    for line in lines():
        drawn = read_image(Path("rmpe-results/drawings", line["name"]))
        assert drawn.shape == (line["height"], line["width"], 3)


def test_an_image_the_networks_choke_on_costs_no_other(folder, estimators, capsys):
    save("photos/red.png", (255, 0, 0))
    save("photos/zebra.png", 50)
    assert infer("photos") == 1
    assert estimators[0].batches == [4, 1, 1, 1, 1]
    by_file = {Path(line["file"]).stem: line for line in lines()}
    assert by_file["red"]["error"] == "photos/red.png: RuntimeError: red is not my color"
    assert len(by_file["zebra"]["people"]) == len(by_file["street"]["people"]) == 1
    error = capsys.readouterr().err
    assert "skipped photos/red.png: RuntimeError: red is not my color" in error
    assert "Traceback" not in error


def test_verbose_shows_where_a_failure_came_from(folder, estimators, capsys):
    save("red.png", (255, 0, 0))
    assert infer("red.png", "--verbose") == 1
    assert "Traceback" in capsys.readouterr().err


def test_drawing_that_fails_costs_only_the_drawing(folder, estimators, capsys):
    Path("rmpe-results/drawings/street.png").mkdir(parents=True)
    assert infer("photos") == 1
    assert len(lines()) == 2
    assert "no drawing of photos/street.png: IsADirectoryError" in capsys.readouterr().err


def test_equal_names_in_different_folders(folder, estimators):
    for place, color in {"a/x.png": 40, "b/x.png": 80, "../outside.png": 120}.items():
        save(f"work/{place}", color)
    os.chdir("work")
    assert infer("a/x.png", "b/x.png", "../outside.png", "--out", "r") == 0
    names = [line["name"] for line in lines("r/results.jsonl")]
    assert names == ["x.png", "b_x.png", "outside.png"]
    assert sorted(path.name for path in Path("r/drawings").iterdir()) == sorted(names)
    assert len({line["image_id"] for line in lines("r/results.jsonl")}) == 3
    corner = read_image("r/drawings/b_x.png")[-1, -1]
    np.testing.assert_array_equal(corner, (80, 80, 80))


def test_resume_runs_only_what_is_missing(folder, estimators, capsys):
    assert infer("photos") == 0
    before = lines()
    save("photos/a-new.png", 70)
    assert infer("photos", "--resume") == 0
    assert [made.batches for made in estimators] == [[2], [1]]
    assert lines()[:2] == before
    assert lines()[2]["file"] == "photos/a-new.png"
    assert "done before  2" in capsys.readouterr().out
    coco = json.loads(Path("rmpe-results/coco-results.json").read_text())
    assert len(coco) == 2
    assert len({line["image_id"] for line in lines()}) == 3


def test_resume_with_nothing_left_loads_no_network_and_adds_formats(folder, estimators):
    assert infer("photos", "--formats", "jsonl") == 0
    assert infer("photos", "--resume", "--formats", "jsonl,coco") == 0
    assert len(estimators) == 1
    assert len(json.loads(Path("rmpe-results/coco-results.json").read_text())) == 1


def test_own_drawings_are_no_input(folder, estimators, capsys):
    assert infer(".", "--recursive") == 0
    assert infer(".", "--recursive", "--overwrite") == 0
    assert len(lines()) == 2
    assert infer("rmpe-results/drawings", "--overwrite") == 2
    assert "all images found are pictures of an earlier run" in capsys.readouterr().err
    assert len(lines()) == 2


def test_resume_goes_on_with_all_files_that_are_there(folder, estimators):
    assert infer("photos") == 0
    save("photos/new.png", 70)
    assert infer("photos", "--resume", "--formats", "jsonl") == 0
    assert len(json.loads(Path("rmpe-results/coco-results.json").read_text())) == 2


def test_resume_tries_failed_images_again(folder, estimators):
    Path("photos/later.png").touch()
    assert infer("photos") == 1
    save("photos/later.png", 70)
    assert infer("photos", "--resume") == 0
    assert estimators[1].batches == [1]
    assert sorted(line["file"] for line in lines()) == [
        "photos/black7.png", "photos/later.png", "photos/street.png",
    ]  # fmt: skip
    assert not any("error" in line for line in lines())


def test_resume_after_a_kill(folder, estimators):
    assert infer("photos") == 0
    results = Path("rmpe-results/results.jsonl")
    first = results.read_text().splitlines()[0]
    results.rename("rmpe-results/results.jsonl.partial").write_text(first + '\n{"file": "pho')
    assert infer("photos", "--resume") == 0
    assert estimators[1].batches == [1]
    assert len(lines()) == 2
    assert not list(Path("rmpe-results").glob("*.partial"))


def test_resume_without_earlier_results_just_starts(folder, estimators):
    assert infer("photos", "--resume") == 0
    assert len(lines()) == 2


def test_resume_refuses_other_settings(folder, estimators, capsys):
    assert infer("photos") == 0
    assert infer("photos", "--resume", "--flip", "--nms", "rmpe") == 2
    message = capsys.readouterr().err
    assert "other settings: --nms was alphapose, now rmpe; --flip was False, now True" in message
    assert len(estimators) == 1


def test_resume_needs_json_lines(folder, capsys):
    assert infer("photos", "--resume", "--formats", "coco") == 2
    assert "--resume needs jsonl among --formats" in capsys.readouterr().err


def test_resume_refuses_damaged_results(folder, estimators, capsys):
    assert infer("photos") == 0
    Path("rmpe-results/results.jsonl").write_text("{}\n")
    assert infer("photos", "--resume") == 2
    assert "cannot resume: rmpe-results/results.jsonl: line 1" in capsys.readouterr().err


def test_earlier_results_are_not_lost_by_accident(folder, estimators, capsys):
    assert infer("photos") == 0
    assert infer("photos") == 2
    message = capsys.readouterr().err
    assert "--resume" in message
    assert "--overwrite" in message
    assert len(estimators) == 1


def test_overwrite_replaces_all_result_files(folder, estimators):
    assert infer("photos") == 0
    assert infer("photos/street.png", "--overwrite", "--formats", "jsonl") == 0
    assert len(lines()) == 1
    assert not Path("rmpe-results/coco-results.json").exists()


def test_overwrite_removes_the_earlier_run_and_nothing_else(folder, estimators, monkeypatch):
    save("photos/scan.bmp", 30)
    assert infer("photos") == 0
    out = Path("rmpe-results")
    kept = [out / "notes.txt", out / "drawings" / "mine.png", out / "results.jsonl.bak"]
    for path in kept:
        path.touch()
    (out / "coco-results.json.partial").touch()
    (out / "drawings" / "street.png.partial").touch()
    there = []
    call = FakeEstimator.__call__

    def look(self, batch):
        there.extend(path for path in out.rglob("*") if path.is_file())
        return call(self, batch)

    monkeypatch.setattr(FakeEstimator, "__call__", look)
    options = ["--overwrite", "--flip", "--no-draw", "--formats", "jsonl"]
    assert infer("photos/street.png", *options) == 0
    # While the networks run, so that a killed run leaves nothing that --resume could take for its.
    new = [out / name for name in ("run.json", "run.lock", "results.jsonl.partial")]
    assert sorted(there) == sorted([*kept, *new])
    assert [line["file"] for line in lines()] == ["photos/street.png"]


def test_overwrite_without_drawings_leaves_no_folder_of_them(folder, estimators):
    assert infer("photos") == 0
    assert infer("photos", "--overwrite", "--no-draw") == 0
    assert not Path("rmpe-results/drawings").exists()


def test_networks_that_do_not_load_cost_no_earlier_results(folder, estimators, monkeypatch):
    assert infer("photos") == 0
    before = lines()
    assert infer("photos", "--overwrite", "--device", "cuda:99") == 2
    assert lines() == before
    assert len(list(Path("rmpe-results/drawings").iterdir())) == 2


def test_results_without_their_settings_are_not_resumed(folder, estimators, capsys):
    assert infer("photos") == 0
    Path("rmpe-results/run.json").unlink()
    assert infer("photos", "--resume") == 2
    assert "rmpe-results/run.json is missing or damaged" in capsys.readouterr().err
    assert infer("photos") == 2


def test_resume_after_a_kill_goes_on_with_unfinished_formats(folder, estimators):
    assert infer("photos", "--formats", "jsonl,coco") == 0
    Path("rmpe-results/coco-results.json").rename("rmpe-results/coco-results.json.partial")
    assert infer("photos", "--resume", "--formats", "jsonl") == 0
    assert len(json.loads(Path("rmpe-results/coco-results.json").read_text())) == 1


def full_disk(*arguments, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("name", ["results.jsonl.partial", "coco-results.json.partial"])
@pytest.mark.parametrize("resumed", [False, True])
def test_disk_that_fills_up_after_the_start(folder, estimators, monkeypatch, capsys, name, resumed):
    if resumed:
        assert infer("photos/street.png") == 0
        before = Path("rmpe-results/results.jsonl").read_text()
    flush = AppendedFile.flush
    with monkeypatch.context() as patch:
        patch.setattr(
            AppendedFile,
            "flush",
            lambda self, **options: full_disk() if self.name == name else flush(self, **options),
        )
        capsys.readouterr()
        assert infer("photos", *["--resume"] * resumed) == 1
    assert capsys.readouterr().err == (
        "rmpe infer: error: stopped, because rmpe-results cannot be written to: "
        "No space left on device; --resume goes on\n"
    )
    if resumed:
        assert Path("rmpe-results/results.jsonl").read_text() == before
    else:
        assert not Path("rmpe-results/results.jsonl").exists()
    assert infer("photos", "--resume") == 0
    assert len(lines()) == 2


def test_disk_that_is_full_before_the_start(folder, estimators, monkeypatch, capsys):
    monkeypatch.setattr(AppendedFile, "flush", full_disk)
    assert infer("photos") == 2
    assert "cannot write to rmpe-results: No space left" in capsys.readouterr().err


def test_folder_is_tried_before_networks_are_loaded(folder, estimators, monkeypatch):
    monkeypatch.setattr("rmpe.outputs.files.Directory.lock", full_disk)
    assert infer("photos") == 2
    assert estimators == []
    assert not Path("rmpe-results").exists()


@pytest.mark.parametrize(
    "words", [["evaluate", "a.json", ".", "--threads=--"], ["infer", "a.png", "--out=--"]]
)
def test_the_value_of_an_option_is_no_mark(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    option = words[-1].removesuffix("=--")
    assert f"error: argument {option}: expected one argument, got --" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["infer", "a.png", "--stride", "0"],
            "rmpe infer: error: argument --stride: must be a whole number from 1, got 0",
        ),
        (
            ["infer", "a.mp4", "--end", "1:99"],
            "rmpe infer: error: argument --end: must have less than 60 behind a colon, as "
            "[hours:]minutes:seconds, got '1:99'",
        ),
        (
            ["infer", "a.mp4", "--start", "1:60:00"],
            "rmpe infer: error: argument --start: must have less than 60 behind a colon, as "
            "[hours:]minutes:seconds, got '1:60:00'",
        ),
        (
            ["infer", "a.mp4", "--start", "2", "--end", "1"],
            "rmpe infer: error: --end must be after start, which is 2.0, got 1.0",
        ),
    ],
)
def test_an_error_of_one_argument_is_one_line(words, line, capsys):
    try:
        status = cli.main(words)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert capsys.readouterr().err == f"{line}\n"


def test_what_is_missing_shows_the_usage(capsys):
    with pytest.raises(SystemExit):
        cli.main(["infer"])
    error = capsys.readouterr().err
    assert error.startswith("usage: rmpe infer ")
    assert error.endswith("rmpe infer: error: the following arguments are required: INPUT\n")


@pytest.mark.parametrize(("text", "expected"), [("75", 75), ("90:30", 5430), ("100:00:59", 360059)])
def test_the_first_part_of_a_time_may_be_large(text, expected):
    assert seconds(text) == expected


def test_an_interruption_of_the_very_beginning_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(cli, "build_parser", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert cli.main(["doctor"]) == 130
    assert capsys.readouterr().err == "rmpe: interrupted\n"


def test_errors_of_the_program_are_not_taken_for_a_full_disk(folder, estimators, monkeypatch):
    monkeypatch.setattr("rmpe.run_loop.record", full_disk)
    with pytest.raises(OSError, match="No space"):
        infer("photos")


def test_interruption_finishes_the_files(folder, estimators, monkeypatch, capsys):
    before = signal.getsignal(signal.SIGINT)
    for index in range(6):
        save(f"photos/p{index}.png", 60)
    call = FakeEstimator.__call__

    def interrupted(self, batch):
        if len(self.batches) == 1:
            signal.raise_signal(signal.SIGINT)
        return call(self, batch)

    monkeypatch.setattr(FakeEstimator, "__call__", interrupted)
    assert infer("photos", "--batch-size", "2") == 130
    assert len(lines()) == 4
    assert len(json.loads(Path("rmpe-results/coco-results.json").read_text())) == 3
    assert "interrupted, images left: 4; --resume goes on" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before
    monkeypatch.setattr(FakeEstimator, "__call__", call)
    assert infer("photos", "--resume") == 0
    assert len({line["file"] for line in lines()}) == len(lines()) == 8


def test_second_interruption_stops_at_once_and_files_stay_valid(folder, estimators, monkeypatch):
    def interrupted(self, batch):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FakeEstimator, "__call__", interrupted)
    assert infer("photos") == 130
    assert lines() == []
    assert json.loads(Path("rmpe-results/coco-results.json").read_text()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.jpg"], "rmpe infer: error: gone.jpg: no such file or folder"),
        (["nothing"], "rmpe infer: error: nothing: this folder holds no image"),
        (["*.png"], "rmpe infer: error: *.png: no image matches this pattern"),
        (["photos", "--out", "file"], "--out must be a folder, file is a file"),
        (["photos", "--out", "file/deeper"], "cannot write to file/deeper: Not a directory"),
        (["photos", "--device", "cuda:99"], "--device cuda:99 is not there"),
        (["photos", "--device", "toaster"], "--device must be auto, cpu, cuda or cuda:N"),
        (["photos", "--pose", "simplepose_coco71"], "did you mean simplepose_coco17?"),
        (["photos", "--detector", "gone.toml"], "gone.toml"),
        (["photos", "--detector", "simplepose_coco17"], "is a card for --pose: choose one of"),
    ],
)
def test_wrong_usage(folder, estimators, capsys, arguments, message):
    Path("nothing").mkdir()
    Path("file").touch()
    assert infer(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not Path("rmpe-results").exists()


def test_every_bad_input_has_its_line(folder, capsys):
    assert infer("gone.jpg", "*.webp", "lost/") == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_missing_inputs_cost_no_others(folder, estimators, capsys):
    assert infer("gone.jpg", "photos", "lost/") == 1
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [
        "rmpe infer: skipped gone.jpg: no such file or folder",
        "rmpe infer: skipped lost/: no such file or folder",
    ]
    assert "skipped      2" in printed.out
    assert len(lines()) == 2
    assert infer("gone.jpg", "photos", "--resume", "--quiet") == 1
    save("gone.jpg", 70)
    assert infer("gone.jpg", "photos", "--resume") == 0
    assert len(lines()) == 3


def test_links_to_nothing_and_pipes_are_skipped(folder, estimators, capsys):
    Path("photos/away.jpg").symlink_to("gone.jpg")
    Path("photos/circle.jpg").symlink_to("circle.jpg")
    os.mkfifo("photos/pipe.png")
    assert infer("photos") == 1
    error = capsys.readouterr().err
    assert "skipped photos/away.jpg: no such file: a link to gone.jpg" in error
    assert "skipped photos/circle.jpg: cannot be read: Too many levels" in error
    assert "skipped photos/pipe.png: is not a file but a pipe" in error
    assert sum("error" in line for line in lines()) == 3
    assert len(lines()) == 5


def test_longest_file_name_is_drawn(folder, estimators):
    for folder_of_it in ("one", "two"):
        for last in "xy":
            save(f"{folder_of_it}/{'n' * 250}{last}.png", 80)
    assert infer("one", "two") == 0
    assert len(list(Path("rmpe-results/drawings").iterdir())) == 4
    assert lines()[0]["name"] == f"{'n' * 250}x.png"


@pytest.fixture
def twelve_photos(folder):
    for index in range(12):
        save(f"many/{index}.png", 60)


def test_batches_are_as_large_as_memory_lets(twelve_photos, estimators, monkeypatch, capsys):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    for free, size, shown in [
        (23 << 30, 8, "up to 8, or 256 MiB of pixels (23.0 GiB of memory free)"),
        (205 << 20, 4, "up to 4, or 12 MiB of pixels (0.2 GiB of memory free)"),
        (0, 1, "up to 1, or 0 MiB of pixels (0.0 GiB of memory free)"),
    ]:
        monkeypatch.setattr("rmpe.memory.free_memory", lambda device, free=free: free)
        assert infer("many", "--device", "cpu", "--overwrite") == 0
        assert estimators[-1].batches[0] == max(estimators[-1].batches) == size
        assert f"batch size   {shown}\n" in capsys.readouterr().out


@pytest.fixture
def threads_of_a_run(folder, estimators, monkeypatch):
    """Gives torch's threads in a run, 4 before it, where so many processors are usable."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()

    def run(usable, *arguments):
        monkeypatch.setattr("rmpe.commands._options.usable_processors", lambda: usable)
        torch.set_num_threads(4)
        assert infer("photos", "--device", "cpu", "--overwrite", *arguments) == 0
        return torch.get_num_threads()

    yield run
    torch.set_num_threads(before)


def test_threads_are_no_more_than_a_limit_of_the_system_lets_run(threads_of_a_run):
    assert [threads_of_a_run(usable) for usable in (2, 4, 8)] == [2, 4, 4]


def test_who_asks_for_more_threads_gets_them(threads_of_a_run, monkeypatch):
    assert threads_of_a_run(2, "--threads", "3") == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert threads_of_a_run(2) == 4


def test_batches_are_as_large_as_asked_for(twelve_photos, estimators, monkeypatch, capsys):
    monkeypatch.setattr("rmpe.memory.free_memory", lambda device: 0)
    assert infer("many", "--batch-size", "10") == 0
    assert estimators[0].batches == [10, 2]
    assert "batch size   up to 10, or 256 MiB of pixels\n" in capsys.readouterr().out


def test_large_images_make_small_batches(folder, estimators, monkeypatch):
    # Two of these pictures are a sixteenth of this.
    monkeypatch.setattr("rmpe.memory.free_memory", lambda device: 16 * 2 * 1000 * 1100 * 3)
    for index in range(5):
        save(f"large/{index}.png", 60, (1000, 1100))
    assert infer("large", "--device", "cpu", "--no-draw") == 0
    assert estimators[0].batches == [2, 2, 1]


def test_networks_run_while_files_are_read_drawn_and_written(folder, estimators, monkeypatch):
    """Work on files waits here for a call of the networks, and the call waits for its end."""
    for index in range(3):
        save(f"three/{index}.png", 50 + index)
    results, missed, begun, read = Path("rmpe-results"), [], set(), set()
    draw, call = drawing_files.draw, FakeEstimator.__call__

    def wait_until(what, is_so):
        deadline = time.monotonic() + 10
        while not is_so():
            if time.monotonic() > deadline:
                missed.append(what)
                break
            time.sleep(0.01)

    def slow_read(path):
        number = int(path.stem)
        wait_until(f"call before reading {number}", lambda: number == 0 or number - 1 in begun)
        image = read_image(path)
        read.add(number)
        return image

    def slow_draw(image, *arguments, **options):
        number = image.max() - 50
        wait_until(f"call before drawing {number}", lambda: number == 2 or number + 1 in begun)
        return draw(image, *arguments, **options)

    def slow_call(self, batch):
        number = len(self.batches)
        begun.add(number)
        if number < 2:
            wait_until(f"{number + 1} read", lambda: number + 1 in read)
        if number > 0:
            name, lines = f"{number - 1}.png", results / "results.jsonl.partial"
            wait_until(f"{name} drawn", lambda: (results / "drawings" / name).exists())
            wait_until(f"{name} written", lambda: name in lines.read_text())
        return call(self, batch)

    monkeypatch.setattr(prefetch, "read_image", slow_read)
    monkeypatch.setattr(drawing_files, "draw", slow_draw)
    monkeypatch.setattr(FakeEstimator, "__call__", slow_call)
    assert infer("three", "--batch-size", "1") == 0
    assert missed == []


def test_summary_on_a_terminal_that_lacks_characters(folder, estimators, monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert infer("photos", "--out", "böse") == 0
    stdout.flush()
    assert b"results      b\\xf6se" in stdout.buffer.getvalue()


@pytest.fixture
def cuda(monkeypatch):
    """A GPU that torch sees; gives a function that sets what onnxruntime can use."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (6 << 30, 8 << 30))

    def providers(*names):
        monkeypatch.setattr("onnxruntime.get_available_providers", lambda: list(names))

    return providers


def test_auto_is_the_cpu_where_onnxruntime_cannot_use_cuda(folder, estimators, cuda, capsys):
    cuda("CPUExecutionProvider")
    assert infer("photos", "--quiet", *ONNX_PAIR) == 0
    assert estimators[0].options["device"] == "cpu"
    (notice,) = capsys.readouterr().err.splitlines()
    assert notice.startswith(
        "rmpe infer: running on the CPU, not on CUDA: ssd_mobilenet_v1_coco and "
        "simplepose_coco17 need onnxruntime-gpu"
    )


def test_auto_is_cuda_where_every_network_can_use_it(folder, estimators, cuda, capsys):
    cuda("CUDAExecutionProvider", "CPUExecutionProvider")
    assert infer("photos", *ONNX_PAIR) == 0
    assert estimators[0].options["device"] == "cuda"
    printed = capsys.readouterr()
    assert "batch size   up to 64, or 256 MiB of pixels (6.0 GiB of memory free)" in printed.out
    assert printed.err == ""


def test_auto_needs_no_onnxruntime_for_other_networks(folder, estimators, cuda, capsys):
    cuda("CPUExecutionProvider")
    assert infer("photos", "--quiet", "--pose", "hourglass2_mpii16") == 0
    assert capsys.readouterr().err == ""
    assert infer("photos", "--quiet", "--pose", "simplepose_coco17", "--overwrite") == 0
    assert [made.options["device"] for made in estimators] == ["cuda", "cpu"]
    assert "CUDA: simplepose_coco17 needs onnxruntime-gpu" in capsys.readouterr().err


def test_kernels_that_are_demanded_but_missing(folder, monkeypatch, capsys):
    def fail():
        raise ImportError("RMPE_EXT_BACKEND=native, but there is no library")

    monkeypatch.setattr("rmpe_ext.backend", fail, raising=False)
    assert infer("photos") == 2
    assert capsys.readouterr().err == (
        "rmpe infer: error: RMPE_EXT_BACKEND=native, but there is no library\n"
    )


def test_stages_wait_for_their_own_device(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    for device in ("cuda:1", "cpu", None):
        with StageTimer(device).stage("read"):
            pass
    assert waited == [torch.device("cuda:1")]


@pytest.mark.parametrize("command", [[], ["infer"]])
def test_help_tells_every_exit_status(command, capsys):
    with pytest.raises(SystemExit):
        cli.main([*command, "--help"])
    text = " ".join(capsys.readouterr().out.split())  # wherever its lines break
    assert "130 interrupted (SIGINT), 143 terminated (SIGTERM)" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: INPUT"),
        (["x.jpg", "--formats", "xml"], "csv, parquet, got xml"),
        (["x.jpg", "--formats", ","], "must name at least one"),
        (["x.jpg", "--batch-size", "0"], "must be auto or a whole number from 1, got 0"),
        (
            ["x.jpg", "--batch-size", "9" * 22],
            "auto or a whole number from 1 to 9223372036854775807,",
        ),
        (["x.jpg", "--threads", "two"], "must be a whole number from 1 to 1024, got two"),
        (["x.jpg", "--threshold", "1.5"], "must be a number from 0 to 1, got 1.5"),
        (["x.jpg", "--threshold", "nan"], "must be a number from 0 to 1, got nan"),
        (
            ["x.jpg", "--nms", "soft"],
            "must be one of none, paper, rmpe, alphapose, or a .toml file",
        ),
        (["x.jpg", "--resume", "--overwrite"], "not allowed with"),
    ],
)
def test_arguments_that_do_not_parse(capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        infer(*arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_networks_that_do_not_load(folder, monkeypatch, capsys):
    def fail(*arguments, **options):
        raise ModelError("pose.onnx is missing; it comes from example.org")

    monkeypatch.setattr("rmpe.pipeline.PoseEstimator", fail)
    assert infer("photos") == 2
    assert capsys.readouterr().err == (
        "rmpe infer: error: pose.onnx is missing; it comes from example.org\n"
    )
    assert not Path("rmpe-results").exists()


def test_missing_package_is_named(folder, monkeypatch, capsys):
    def fail(*arguments, **options):
        raise ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime")

    monkeypatch.setattr("rmpe.pipeline.PoseEstimator", fail)
    assert infer("photos") == 2
    assert "the package onnxruntime is missing; install" in capsys.readouterr().err


def test_missing_package_costs_no_earlier_results(folder, estimators, monkeypatch, capsys):
    assert infer("photos") == 0
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert infer("photos", "--overwrite") == 2
    assert "the package tqdm is missing; install" in capsys.readouterr().err
    assert len(lines()) == 2


def test_missing_model_file(folder, monkeypatch, capsys):
    Path("empty").mkdir()
    monkeypatch.setenv("RMPE_MODELS", "empty")
    monkeypatch.setenv("HOME", str(folder))
    assert infer("photos", "--models", "empty", *ONNX_PAIR) == 2
    error = capsys.readouterr().err
    assert "ssd_mobilenet_v1_coco" in error
    assert "Traceback" not in error


def test_wrong_model_file(folder, capsys):
    Path("models").mkdir()
    for name in ("ssd_mobilenet_v1_coco.onnx", "ssd_mobilenet_v1_coco_anchors.npz"):
        Path("models", name).write_bytes(b"not a network")
    assert infer("photos", "--models", "models", *ONNX_PAIR) == 2
    error = capsys.readouterr().err
    assert "ssd_mobilenet_v1_coco" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("pair", ["of the package", "onnx"])
def test_real_networks(folder, models_dir, data_dir, pair):
    photos = data_dir / "coco-mini" / "images"
    chosen = sorted(photos.iterdir())[:3]
    networks = ["--models", models_dir, *ONNX_PAIR] if pair == "onnx" else []
    assert infer(*chosen, *networks, "--batch-size", "2", "--device", "cpu") == 0
    assert sum(len(line["people"]) for line in lines()) >= 1
    assert len(list(Path("rmpe-results/drawings").iterdir())) == 3


def test_models(models_dir, capsys):
    assert cli.main(["models", "--models", str(models_dir)]) == 0
    text = capsys.readouterr().out
    for name in ("ssd_mobilenet_v1_coco", "simplepose_coco17"):
        (row,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
        assert row.endswith(f"{models_dir / name}.onnx")


def test_models_that_are_not_here(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RMPE_MODELS", str(tmp_path))
    assert cli.main(["models", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    (pose,) = [row for row in listed if row["name"] == "simplepose_coco17"]
    assert pose["task"] == "pose"
    assert pose["skeleton"] == "coco_17"
    assert pose["input"] == [256, 192]
    assert (pose["present"], pose["status"]) == (False, "missing, no URL")


def test_models_says_in_a_line_what_becomes_of_each_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("RMPE_MODELS", "RMPE_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "simplepose_coco17.onnx").write_bytes(b"no network")
    assert cli.main(["models", "--models", str(tmp_path)]) == 0
    rows, _, rest = capsys.readouterr().out.partition("\n\n")
    status = {row.split()[0]: row.split("  ")[-1].strip() for row in rows.splitlines()}
    assert status["simplepose_coco17"] == "damaged"
    assert status["ssd_mobilenet_v1_coco"] == "missing, no URL"
    assert status["ssdlite320_mobilenet_v3_large"] == "downloaded when used"
    assert "  from: https://download.pytorch.org/models/ssdlite320" in rest
    assert "is damaged or another version" in rest and "was not found" not in rest


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("rmpe ")


@pytest.mark.parametrize("command", [[], *([name] for name in cli.COMMANDS)])
def test_help_needs_no_heavy_import(command):
    program = (
        "import sys, rmpe.cli\n"
        "try: rmpe.cli.main([*sys.argv[1:], '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'cv2', 'numpy', 'onnxruntime', 'PIL'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "usage: rmpe" in done.stdout


def test_module_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "rmpe", "infer", str(tmp_path / "gone.jpg")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no such file" in done.stderr


CLOSED = """
import os
from rmpe.cli import main
status = main(["models"])
os._exit(status or 10 + os.open(os.devnull, os.O_RDONLY))
"""


@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_stream_that_was_closed(closed):
    """Else what libraries write on the error stream would go into the results."""
    command = ["bash", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, CLOSED]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    assert done.returncode > 12
