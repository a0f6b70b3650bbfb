"""Names that nobody chooses: every command tells of them on one line that is only text."""

import functools
import json
import re
import shutil

import pytest
from PIL import Image

from rmpe import cli

from ..coco_annotations import annotations, person
from ..training.material import CONFIG

IMAGE = {"id": 1, "file_name": "photo.png", "width": 40, "height": 30}
# Once: it takes longer than most commands here.
PARSER = functools.cache(cli.build_parser)
FORGED = "\x1b]0;owned\x07\x1b[2J\nFORGED\u202e"
NAMES = {
    "escape sequences": FORGED,
    "not UTF-8": "a\udcff",
    "too long": "a" * 5000,
    "NUL": "a\0b",
}
# Every place of the command line that takes a name.
LINES = [
    "infer {}",
    "infer @{}",
    "infer photo.png --out {}",
    "infer photo.png --detector {}",
    "infer photo.png --pose {}",
    "infer photo.png --nms {}",
    "infer photo.png --models {} --pose missing.toml",
    "track {} --out o",
    "track . --out {}",
    "smooth {} --out o",
    "smooth . --out {}",
    "convert {} --to csv --out o",
    "convert . --to csv --out {}",
    "convert photo.png --to csv --out o --images {}",
    "draw {} clip.mp4 --out o.mp4",
    "draw . {} --out o.mp4",
    "draw . clip.mp4 --out {}",
    "contact-sheet {} --out o.png",
    "contact-sheet photo.png --out {}",
    "evaluate {} .",
    "evaluate a.json {}",
    "evaluate a.json . --detector {}",
    "train {} --out o",
    "train pose.toml --data {} --out o",
    "train pose.toml --out {}",
    "train pose.toml --out o --from {}",
    "train pose.toml --out o --weights {}",
    "train pose.toml --out o --phase {}",
    "label {} --out o.json",
    "label . --out {}",
    "label . --out o.json --boxes {}",
    "label . --out o.json --detector {}",
    "fit-proposals {} . --out o.json",
    "fit-proposals a.json . --out {}",
    "fit-proposals a.json . --out o.json --detections {}",
    "fit-proposals a.json . --out o.json --plot {}",
    "fit-nms {} .",
    "fit-nms a.json . --held-out {}",
    "fit-nms a.json . --out {}",
    "models show {}",
    "models get {}",
    "models verify {}",
    "models check {} --image photo.png",
    "models check small_ssd_person --image {}",
    "models bench {}",
    "models bench small_ssd_person --data {} --images .",
    "models new-card {}",
    "models new-card {} --out o.toml",
    "export {} --onnx o.onnx",
    "export small_ssd_person --onnx {}",
]


# What ends in one of these is looked for, and read, in other ways.
SUFFIXES = (".toml", ".onnx", ".safetensors", ".png", ".json")
OF_FILES = [line.replace("{}", "{}" + suffix) for line in LINES for suffix in SUFFIXES]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RMPE_OFFLINE", "1")
    monkeypatch.setattr(cli, "build_parser", PARSER)
    (tmp_path / "a.json").write_text(json.dumps(annotations(person(), images=[IMAGE])))
    Image.new("RGB", (40, 30)).save(tmp_path / "photo.png")
    shutil.copy(tmp_path / "a.json", tmp_path / "people.json")
    (tmp_path / "pose.toml").write_text(CONFIG.replace('"images"', '"."'))


@pytest.mark.parametrize(
    ("line", "name"),
    [(line, name) for line in LINES for name in NAMES]
    + [(line, "escape sequences") for line in OF_FILES],
)
def test_a_name_is_told_on_one_line(capsys, line, name):
    words = [word.replace("{}", NAMES[name]) for word in line.split()]
    try:
        status = cli.main(words)
    except SystemExit as stopped:  # argparse
        status = stopped.code
    printed = "".join(capsys.readouterr())
    assert status in ((0, 1, 2) if "--out" in line else (1, 2))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", printed)
    assert "Traceback" not in printed
    assert not re.search(r"(^|error: |skipped )FORGED", printed, re.MULTILINE)
    assert len(printed) < 3 * 5000
