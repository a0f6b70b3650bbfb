"""Messages that list things stay short, however many things there are."""

from dataclasses import replace

import pytest
import torch

from rmpe.carrying import carry
from rmpe.cli import main
from rmpe.detectors.classes import CLASS_LISTS, find_columns
from rmpe.errors import ModelError
from rmpe.listing import listed
from rmpe.models.read import load_card
from rmpe.skeleton_conversion import Conversion
from rmpe.skeletons import COCO_17, WHOLEBODY_133

from .outputs.material import make_people

LONGEST = 400


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, ""), (1, "0"), (3, "0, 1, 2"), (4, "0, 1, 2, ... (4 in all)")],
)
def test_the_first_few_and_how_many(count, text):
    assert listed(range(count), most=3) == text


def carried_on():
    people = replace(make_people(1), classes=("yeti",))
    image = torch.zeros(40, 60, 3, dtype=torch.uint8)
    return carry(people, image, skeleton=COCO_17, classes=CLASS_LISTS["coco_80"])


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda: Conversion.between(COCO_17, WHOLEBODY_133), ValueError,
         r"it has no left_big_toe, .* \(116 in all\); it can become openpose_18$"),
        (lambda: find_columns("x", CLASS_LISTS["coco_80"], ["yeti"] * 200), ModelError,
         r"one or more of person, .* \(80 in all\), got yeti, .* \(200 in all\)$"),
        (carried_on, ValueError, r"must be of person, .* \(80 in all\), got yeti$"),
        (lambda: load_card("yeti"), ModelError, r" \([0-9]+ in all\), which `rmpe models` lists"),
    ],
)  # fmt: skip
def test_a_message_names_no_more_than_a_few(function, error, message):
    with pytest.raises(error, match=message) as raised:
        function()
    assert len(str(raised.value)) < LONGEST


def test_a_command_names_no_more_than_a_few_models(tmp_path, capsys):
    assert main(["infer", str(tmp_path), "--pose", "yeti", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "in all), which `rmpe models` lists" in said
    assert len(said) < LONGEST
