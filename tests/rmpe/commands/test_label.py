"""``rmpe label``: interrupted, killed at every write, resumed; photographs that fail."""

import json
import os
import re
import shutil
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from PIL import Image

from rmpe.cli import main
from rmpe.commands import label
from rmpe.outputs import files
from rmpe.outputs.errors import ResultsError
from rmpe.skeletons import COCO_17
from rmpe.training import labeling
from rmpe.training.label_line import parse_record, parse_settings, to_line

from ...fuzz import fuzz
from ..mutation import damaged
from ..test_run_faults import FaultyOS, Killed, disk  # noqa: F401

COUNT = 5


@pytest.fixture
def photos(tmp_path):
    """Five photographs, the second of which is damaged."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for number in range(COUNT):
        pixels = np.full((6, 8, 3), 40 + number, np.uint8)
        Image.fromarray(pixels).save(folder / ("more" if number > 2 else "") / f"{number}.png")
    (folder / "1.png").write_bytes(b"damaged")
    return folder


@pytest.fixture
def calls(monkeypatch):
    """What the networks were given, image after image; each shows as many people as its number."""
    given = []

    def label_images(estimator, images, sureness, boxes):
        given.extend(int(image[0, 0, 0]) - 40 for image in images)
        return [[person(number) for _ in range(image[0, 0, 0] - 40)] for number, image in
                enumerate(images)]  # fmt: skip

    pose = SimpleNamespace(card=SimpleNamespace(skeleton=COCO_17))
    estimator = SimpleNamespace(device=torch.device("cpu"), pose=pose)
    monkeypatch.setattr(label, "build_estimator", lambda *arguments, **options: estimator)
    monkeypatch.setattr(labeling, "label_images", label_images)
    return given


def person(number):
    return {
        "category_id": 1, "iscrowd": 0, "bbox": [1.5, 2.0, 3.0, 4.0], "area": 6.36,
        "keypoints": [1.25, 2.5, 2] * 17, "num_keypoints": 17,
    }  # fmt: skip


def run(photos, out, *extra):
    return main(["label", str(photos), "--out", str(out), "--batch-size", "1", *extra])


@pytest.fixture
def unbroken(photos, calls, tmp_path):
    """The file of a run that nothing happened to."""
    assert run(photos, tmp_path / "whole.json") == 1
    calls.clear()
    return (tmp_path / "whole.json").read_bytes()


def test_the_file_has_the_photographs_in_order(photos, calls, tmp_path, capsys):
    assert run(photos, tmp_path / "labels.json") == 1
    content = json.loads((tmp_path / "labels.json").read_bytes())
    assert [image["file_name"] for image in content["images"]] == [
        "0.png", "2.png", "more/3.png", "more/4.png"
    ]  # fmt: skip
    assert [image["id"] for image in content["images"]] == [1, 2, 3, 4]
    assert [one["image_id"] for one in content["annotations"]] == [2] * 2 + [3] * 3 + [4] * 4
    assert [one["id"] for one in content["annotations"]] == list(range(1, 10))
    assert "1.png" in capsys.readouterr().err


def records(out):
    journal = out.with_name(out.name + ".partial")
    *lines, torn = journal.read_bytes().split(b"\n") if journal.exists() else [b""]
    return [json.loads(line) for line in lines[1:]]


@pytest.mark.parametrize("fault", ["kill", "late", "power", "full", "error"])
def test_nothing_is_lost_wherever_a_run_ends(
    photos, calls, unbroken, disk, monkeypatch, capsys, fault  # noqa: F811
):  # fmt: skip
    for number in range(1, 1000):
        folder = disk / "out"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        out = folder / "labels.json"
        calls.clear()
        faulty = FaultyOS(number, fault)
        with monkeypatch.context() as patch:
            patch.setattr(files, "os", faulty)
            try:
                status = run(photos, out)
            except Killed:
                status = None
        faulty.let_go()
        assert faulty.dead == (status is None)
        if faulty.calls.total() < number:
            break  # The run came to its end before the fault.
        done = [0] if out.exists() else [int(one["file_name"][-5]) for one in records(out)]
        if out.exists():
            assert out.read_bytes() == unbroken
        else:
            # All but the last, whose write may have been the one that failed.
            assert done[: len(calls) - 1] == calls[: len(calls) - 1]
        calls.clear()
        assert run(photos, out, "--resume") in (0, 1)
        assert out.read_bytes() == unbroken
        assert not {*calls} & {*done}, "what was done is done again"
        assert [path.name for path in folder.iterdir()] == ["labels.json"]
    else:
        pytest.fail("the run never came to its end")
    capsys.readouterr()
    # That so many calls were tried, and every kind of them: else this shows nothing.
    assert number > 15 and {*faulty.calls} >= {"open", "write", "fsync", "rename", "unlink"}


def test_a_signal_ends_it_after_the_batch_and_resume_goes_on(
    photos, calls, unbroken, tmp_path, monkeypatch, capsys
):
    labeled = labeling.label_images

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGTERM)
        return labeled(*arguments)

    out = tmp_path / "labels.json"
    with monkeypatch.context() as patch:
        patch.setattr(labeling, "label_images", interrupted)
        assert run(photos, out) == 143
    assert "interrupted, images left: 4; --resume goes on" in capsys.readouterr().err
    assert not out.exists() and len(records(out)) == 1
    assert run(photos, out) == 2
    assert "an interrupted run has left " in capsys.readouterr().err
    assert run(photos, out, "--resume", "--score", "0.4") == 2
    assert "with other settings: --score was 0.3, now 0.4" in capsys.readouterr().err
    assert run(photos, out, "--resume") == 1
    assert out.read_bytes() == unbroken and calls == [0, 2, 3, 4]
    # There is nothing left to do, and the file of before is not replaced by accident.
    assert run(photos, out, "--resume") == 0 and run(photos, out) == 2
    assert "labels.json is there already: choose --overwrite" in capsys.readouterr().err
    assert calls == [0, 2, 3, 4]
    assert run(photos, out, "--overwrite", "--score", "0.4") == 1 and len(calls) == 8


def test_a_photograph_that_the_networks_fail_on_is_skipped(
    photos, calls, tmp_path, monkeypatch, capsys
):
    labeled = labeling.label_images

    def fails(estimator, images, *rest):
        if any(image[0, 0, 0] == 42 for image in images):
            raise RuntimeError("a network's error")
        return labeled(estimator, images, *rest)

    monkeypatch.setattr(labeling, "label_images", fails)
    out = tmp_path / "labels.json"
    assert main(["label", str(photos), "--out", str(out), "--batch-size", "5"]) == 1
    assert "skipped" in (said := capsys.readouterr().err) and "2.png: a network's error" in said
    assert len(json.loads(out.read_bytes())["images"]) == 3


HEADER = b'{"rmpe label": {}}\n'
RECORD = {"file_name": "0.png", "height": 6, "width": 8, "people": [person(0)]}


@pytest.mark.parametrize(
    ("journal", "message"),
    [
        (b"\xff\n", "line 1 is not of rmpe label: it must be a JSON object"),
        (b"[" * 100_000 + b"\n", "line 1 .* must be a JSON object"),
        (b'{"rmpe label": 3}\n', "line 1 .*'rmpe label' must be an object"),
        (HEADER, "with other settings: images was None"),
        (HEADER + b"[]\n", "line 2 .* must be a JSON object"),
        (HEADER + b"9" * 5000 + b"\n", "line 2 .* must be a JSON object"),
        *(
            (HEADER + json.dumps({**RECORD, key: value}).encode() + b"\n", f"line 2 .*{message}")
            for key, value, message in [
                ("file_name", "a\0b", "file_name must be the path"),
                ("file_name", "\ud800", "file_name must be the path"),
                ("height", True, "height must be a whole number"),
                ("width", 2**40, "width must be a whole number"),
                ("people", None, "people must be a list"),
                ("people", [{**person(0), "area": float("nan")}], "people must be a list"),
                ("people", [{**person(0), "area": 10**400}], "people must be a list"),
                ("people", [{**person(0), "bbox": [1, 2, 3]}], "people must be a list"),
                ("people", [{**person(0), "keypoints": [1, 2]}], "people must be a list"),
                ("people", [{**person(0), "keypoints": [1, 2, "2"]}], "people must be a list"),
                ("people", [{**person(0), "id": 1}], "people must be a list"),
                ("more", 1, "its keys must be file_name"),
            ]
        ),
    ],
)
def test_what_is_no_journal_is_refused_and_stays(photos, calls, tmp_path, capsys, journal, message):
    partial = tmp_path / "labels.json.partial"
    partial.write_bytes(journal)
    assert run(photos, tmp_path / "labels.json", "--resume") == 2
    said = capsys.readouterr().err
    assert re.search(message, said) and len(said) < 2000 and said.replace("\n", "").isprintable()
    assert partial.read_bytes() == journal and calls == []
    assert run(photos, tmp_path / "labels.json", "--overwrite") == 1


def test_a_link_under_the_name_of_the_journal_is_not_followed(photos, calls, tmp_path):
    (tmp_path / "precious").write_text("precious")
    for name in ("labels.json.partial", "labels.json.whole"):
        (tmp_path / name).symlink_to(tmp_path / "precious")
    assert run(photos, tmp_path / "labels.json") == 1
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "labels.json").is_symlink()


def test_a_second_run_into_the_file_is_refused(photos, calls, tmp_path, capsys):
    out = tmp_path / "labels.json"
    with files.Directory(tmp_path) as directory:
        lock = directory.lock("labels.json.lock")
        assert run(photos, out) == 2
        os.close(lock)
    assert "another run is writing into" in capsys.readouterr().err
    assert run(photos, out) == 1 and not out.with_name("labels.json.lock").exists()


def test_what_cannot_be_labeled_is_told_before_the_work(photos, calls, tmp_path, capsys):
    (tmp_path / "loop").symlink_to("loop")
    for images in ("gone", "loop", "a\0b", "x" * 5000, "*.png"):
        assert run(tmp_path / images, tmp_path / "l.json") == 2
        assert "images must be a folder or a photograph, " in capsys.readouterr().err
    for boxes in ("gone", "loop", "x" * 5000):
        assert run(photos, tmp_path / "l.json", "--boxes", str(tmp_path / boxes)) == 2
        assert " cannot be read: " in capsys.readouterr().err
    os.mkfifo(tmp_path / "pipe")
    assert run(photos, tmp_path / "pipe") == 2
    assert "--out must be a file, " in capsys.readouterr().err
    pose = ["--pose", "hourglass2_mpii16"]
    assert run(photos, tmp_path / "l.json", *pose) == 2
    assert "must have a skeleton with sigmas, mpii_16 has none" in capsys.readouterr().err
    assert calls == [] and not list(tmp_path.glob("l.json*"))


def test_a_journal_that_goes_away_is_told(photos, calls, tmp_path, monkeypatch, capsys):
    labeled = labeling.label_images

    def remove(*arguments):
        (tmp_path / "labels.json.partial").unlink(missing_ok=True)
        return labeled(*arguments)

    monkeypatch.setattr(labeling, "label_images", remove)
    assert run(photos, tmp_path / "labels.json") == 1
    said = capsys.readouterr().err
    assert "stopped, because " in said and "was removed" in said


@fuzz(300)
@given(damaged(to_line(RECORD)) | damaged(to_line({"rmpe label": {"--score": 0.3}})))
def test_damaged_lines_give_a_value_or_a_results_error(line):
    for parse in (parse_record, parse_settings):
        try:
            parse(line)
        except ResultsError:
            pass
