"""Every command where no network's file was downloaded and the network is off.

Those that need no file, or only those of the package, do their work; the others say in one sentence
what to do.
"""

import re
import shutil
import socket
from pathlib import Path

import pytest

from rmpe import cli
from rmpe.commands import models
from rmpe.models import transfer

from ..training.material import CONFIG, draw_people

pytest.importorskip("av")
from ..inputs.test_video import write_video  # noqa: E402

PHOTOGRAPHS = Path(__file__).resolve().parents[3] / "examples" / "photographs"
COMMANDS = [*cli.COMMANDS, *(f"models {action}" for action in models.ACTIONS)]

# What each does without a file that would have to be downloaded, in the folder of `material`.
WORKS = {
    "infer": "photos --out OUT --no-draw",
    "track": "results --out OUT",
    "smooth": "results --out OUT",
    "convert": "results --to csv --out OUT",
    "draw": "film walk.mp4 --out OUT.mp4",
    "contact-sheet": "photos --out OUT.jpg",
    "evaluate": "labels.json photos --nms none",
    "train": "train.toml --data drawn --cache cache --dry-run",
    "label": "photos --out OUT.json",
    "fit-proposals": "labels.json photos --threshold 0.1 --atomic-poses 1 --out OUT.json",
    "fit-nms": "labels.json photos --kinds rmpe --starts 1 --folds 2",
    "models": "",
    "export": "small_hourglass_coco17 --onnx OUT.onnx",
    "doctor": "",
    "models get": "small_ssd_person",
    "models show": "rtmpose_m_coco17",
    "models verify": "",
    "models new-card": "net.onnx --out OUT.toml",
    "models check": "small_ssd_person --image photos/0-astronaut.jpg --out OUT.png",
    "models bench": "small_hourglass_coco17",
}
NO_DETECTOR = "yolox_s.onnx"
NO_POSE = "bearpaw_hg2-15e342d9.pth"
NOT_PUBLIC = "simplepose_coco17.onnx"
# What each is refused, and the file that it would need; the rest needs no network of the user's.
NEEDS = {
    "infer": [
        ("photos --out OUT --detector yolox_s_coco", NO_DETECTOR),
        ("photos --out OUT --pose hourglass2_mpii16", NO_POSE),
        ("photos --out OUT --pose simplepose_coco17", NOT_PUBLIC),
    ],
    "evaluate": [("labels.json photos --detector yolox_s_coco", NO_DETECTOR)],
    "label": [("photos --out OUT.json --detector yolox_s_coco", NO_DETECTOR)],
    "fit-proposals": [("labels.json photos --out OUT.json --detector yolox_s_coco", NO_DETECTOR)],
    "fit-nms": [("labels.json photos --pose simplepose_coco17", NOT_PUBLIC)],
    "export": [("hourglass2_mpii16 --onnx OUT.onnx", NO_POSE)],
    "models get": [("yolox_s_coco", NO_DETECTOR), ("simplepose_coco17", NOT_PUBLIC)],
    "models verify": [("hourglass2_mpii16", NO_POSE), ("simplepose_coco17", NOT_PUBLIC)],
    "models check": [("yolox_s_coco --image photos/0-astronaut.jpg", NO_DETECTOR)],
    "models bench": [("hourglass2_mpii16", NO_POSE)],
}
NEEDS_NOTHING = {
    "track", "smooth", "convert", "draw", "contact-sheet", "train", "models", "doctor",
    "models show", "models new-card",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch, tmp_path):
    """An empty RMPE_HOME, and a machine on which no name can be looked up and no proxy answers."""

    def no_lookup(*arguments, **options):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    for variable in ("RMPE_MODELS", "RMPE_DATA", "HF_HUB_CACHE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("RMPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hugging face"))
    monkeypatch.setenv("RMPE_OFFLINE", "1")
    for scheme in ("http", "https"):  # which the processes of `models bench` see
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(socket, "getaddrinfo", no_lookup)
    monkeypatch.setattr(transfer, "_PAUSE", 0.0)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """What commands read: photographs, a video, results, labels, drawn people, a network's file."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "photos").mkdir()
    for number in range(5):
        for photo in PHOTOGRAPHS.glob("*.jpg"):
            shutil.copy(photo, folder / "photos" / f"{number}-{photo.name}")
    write_video(folder / "walk.mp4", codec="mjpeg", pix_fmt="yuvj420p")
    draw_people(folder / "drawn", 5)
    (folder / "train.toml").write_text(CONFIG)
    return folder


@pytest.fixture
def material(finished, monkeypatch):
    monkeypatch.chdir(finished)
    if not Path("net.onnx").exists():
        for words in (
            "infer photos --out results --no-draw --track",
            "infer walk.mp4 --out film --no-draw",
            "label photos --out labels.json --keypoints 3 --score 0.1 --similarity 0.1",
            "export small_hourglass_coco17 --onnx net.onnx",
        ):
            assert cli.main(words.split()) == 0
    return finished


def run(command, words, out):
    return cli.main([*command.split(), *words.replace("OUT", str(out)).split()])


def test_every_command_is_listed_here():
    assert set(WORKS) == set(COMMANDS)
    assert set(NEEDS) | NEEDS_NOTHING == set(COMMANDS)
    assert not set(NEEDS) & NEEDS_NOTHING


@pytest.mark.parametrize("command", COMMANDS)
def test_what_needs_no_file_works(command, material, tmp_path, capsys):
    assert run(command, WORKS[command], tmp_path / "out") == 0
    assert "error" not in capsys.readouterr().err


@pytest.mark.parametrize("switched_off", [True, False], ids=["RMPE_OFFLINE", "no lookups"])
@pytest.mark.parametrize(
    ("command", "words", "file"),
    [(command, *case) for command, cases in NEEDS.items() for case in cases],
)
def test_what_needs_a_file_says_in_one_sentence_what_to_do(
    command, words, file, switched_off, material, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("RMPE_OFFLINE", "1" if switched_off else "0")
    capsys.readouterr()
    status = 1 if command in ("models get", "models verify") else 2
    assert run(command, words, tmp_path / "out") == status
    lines = [line for line in capsys.readouterr().err.splitlines() if "is set, so" not in line]
    assert len(lines) == 1
    (line,) = lines
    assert line.startswith(f"rmpe {command}: ") and file in line
    assert "--models DIR, models_dir=... or the environment variable RMPE_MODELS" in line
    assert not re.search(r"\. [A-Z]", line), "a second sentence"
    if switched_off and file != NOT_PUBLIC:
        folder = tmp_path / "home" / "models"
        assert f"into {folder}, under the name {file}" in line
    assert not list(tmp_path.rglob("*.partial"))
    assert sorted(tmp_path.glob("out*")) == []
