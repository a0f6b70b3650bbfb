"""Files that changed behind their names: a run does not go on with other ones."""

import json
import re
import shutil
from pathlib import Path

import pytest

import rmpe
from rmpe.method.preset_file import write_preset
from rmpe.models.read import load_card
from rmpe_ext.presets import PRESETS

from ..test_cli import estimators, folder, infer  # noqa: F401
from .test_label import calls, photos, run  # noqa: F401

CARDS = Path(rmpe.__file__).parent / "models" / "cards"
WEIGHTS = "small_hourglass_coco17.safetensors"


@pytest.fixture
def card(tmp_path):
    """A card of one's own that states no SHA-256, and its files beside it."""
    path = tmp_path / "mine.toml"
    lines = (CARDS / "small_hourglass_coco17.toml").read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("sha256")))
    for file in load_card("small_hourglass_coco17").files:
        shutil.copy(file.folder / file.name, tmp_path)
    return path


def pad(path):
    path.write_text(re.sub("(?m)^padding = .*", "padding = 0.9", path.read_text()))


def grow(path):
    path.write_bytes(path.read_bytes() + b" ")


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("mine.toml", pad, "--pose: card was mine.toml with SHA-256 "),
        (WEIGHTS, grow, f"--pose: network was {WEIGHTS} with SHA-256 "),
        ("fit.toml", grow, "--nms: file was fit.toml with SHA-256 "),
    ],
)
def test_infer_goes_on_only_with_the_same_files(
    folder, estimators, card, capsys, file, change, message  # noqa: F811
):  # fmt: skip
    write_preset("fit.toml", PRESETS["rmpe"])
    options = ("photos", "--pose", "mine.toml", "--nms", "fit.toml")
    assert infer(*options) == 0
    assert infer(*options, "--resume") == 0
    results = Path("rmpe-results/results.jsonl").read_bytes()
    capsys.readouterr()
    change(folder / file)
    assert infer(*options, "--resume") == 2
    said = capsys.readouterr().err
    assert "with other settings: " + message in said and said.count(" was ") == 1
    assert Path("rmpe-results/results.jsonl").read_bytes() == results


def test_a_network_given_by_its_file_is_told_by_its_card(folder, estimators, card, capsys):  # noqa: F811
    card.rename(card.with_name("small_hourglass_coco17.toml"))
    assert infer("photos", "--pose", WEIGHTS) == 0
    pad(card.with_name("small_hourglass_coco17.toml"))
    assert infer("photos", "--pose", WEIGHTS, "--resume") == 2
    assert "--pose: card was small_hourglass_coco17.toml" in capsys.readouterr().err


def test_early_results_that_note_no_contents_are_gone_on_with(folder, estimators, card):  # noqa: F811
    assert infer("photos", "--pose", "mine.toml") == 0
    file = Path("rmpe-results/run.json")
    noted = json.loads(file.read_bytes())
    early = {name: value for name, value in noted["settings"].items() if ":" not in name}
    assert len(early) < len(noted["settings"])
    file.write_text(json.dumps({**noted, "settings": early}))
    assert infer("photos", "--pose", "mine.toml", "--resume") == 0
    assert json.loads(file.read_bytes()) == noted


def test_label_goes_on_only_with_the_same_files(photos, calls, card, tmp_path, capsys):  # noqa: F811
    boxes, out = tmp_path / "boxes.json", tmp_path / "labels.json"
    image = {"id": 1, "file_name": "0.png", "height": 6, "width": 8}
    person = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "area": 25}
    person |= {"iscrowd": 0, "keypoints": [0] * 51, "num_keypoints": 0}
    category = {"id": 1, "name": "person"}
    boxes.write_text(
        json.dumps({"images": [image], "annotations": [person], "categories": [category]})
    )
    options = ("--pose", str(card), "--boxes", str(boxes))
    assert run(photos, tmp_path / "whole.json", *options) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rmpe.training.label_file.LabelFile.finish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(photos, out, *options)
    capsys.readouterr()
    for file, change, message in (
        (card, pad, "--pose: card was mine.toml with SHA-256 "),
        (boxes, grow, "--boxes: file was boxes.json with SHA-256 "),
    ):
        content = file.read_bytes()
        change(file)
        assert run(photos, out, *options, "--resume") == 2
        assert "with other settings: " + message in capsys.readouterr().err
        file.write_bytes(content)
    assert run(photos, out, *options, "--resume") == 0
    assert out.read_bytes() == (tmp_path / "whole.json").read_bytes()
