"""Packages that add detectors, heads and cards."""

import sys

import pytest
import torch

from rmpe import PoseEstimator, plugins
from rmpe.errors import ModelError
from rmpe.models.build import load_detector, load_pose
from rmpe.models.read import _CARDS, known_cards, load_card

MODULE = '''
from dataclasses import dataclass
import torch
from rmpe.detectors.detections import Detections

@dataclass(frozen=True)
class Everything:
    """Finds one person in each image: all of it."""
    score: float
    files = ()

    @classmethod
    def read(cls, table, *, named, read_file):
        return cls(table.table("everything").number("score", "a number", lambda _: True))

    def build(self, card, network, classes):
        def detect(images, threshold=None):
            boxes = torch.tensor([[0.0, 0.0, i.shape[1], i.shape[0]] for i in images])
            return Detections(boxes, torch.full((len(boxes),), self.score), torch.arange(len(boxes)))
        return detect
'''
ENTRY_POINTS = """
[rmpe.detectors]
everything = addition.kinds:Everything
broken = addition.broken:Nothing

[rmpe.pose_networks]
dots = addition.networks:DOTS
number = addition.networks:NUMBER
basic_hourglass = addition.networks:DOTS

[rmpe.heads]
stick = addition.kinds:Stick

[rmpe.cards]
addition = addition.cards
"""
CARD = """
kind = "detector"
detector = "everything"
title = "All of it"
license = "MIT"
origin = "a test"
runtime = "onnx"
batch_size = 1
[network]
file = "nothing.onnx"
[input]
name = "x"
size = [8, 8]
channels = "rgb"
scale = 1
mean = [0, 0, 0]
std = [1, 1, 1]
[everything]
score = 0.5
"""


NETWORKS = """
import torch
from rmpe.networks.architectures import Architecture

DOTS = Architecture("pose", "addition.networks", "dots", {"width": 16}, divisor=4)
NUMBER = 3

def dots(joints, *, width):
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, width, 4, stride=4), torch.nn.Conv2d(width, joints, 1)
    )
"""
POSE_CARD = """
kind = "pose"
title = "Dots"
license = "MIT"
origin = "a test"
runtime = "pytorch"
architecture = "dots"
head = "heatmap"
skeleton = "coco_17"
batch_size = 2
[network]
file = "dots.pth"
[dots]
width = 8
[input]
size = [64, 48]
channels = "rgb"
scale = 1
mean = [0, 0, 0]
std = [1, 1, 1]
[crop]
convention = "hrnet"
padding = 0.25
[heatmap]
convention = "hrnet"
stride = 4
offset = 0
"""


@pytest.fixture
def addition(tmp_path, monkeypatch):
    """An installed package that adds a detector, a head that is not there, and a card."""
    cards = tmp_path / "addition" / "cards"
    cards.mkdir(parents=True)
    for folder in (cards, cards.parent):
        (folder / "__init__.py").write_text("")
    (cards / "all_of_it.toml").write_text(CARD)
    # Names of this package are not taken over.
    (cards / "simplepose_coco17.toml").write_text(CARD)
    (cards.parent / "kinds.py").write_text(MODULE)
    (cards.parent / "networks.py").write_text(NETWORKS)
    (cards / "dots.toml").write_text(POSE_CARD)
    (cards.parent / "broken.py").write_text("raise RuntimeError('half installed')")
    info = tmp_path / "addition-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: addition\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    plugins._entry_points.cache_clear()
    yield cards
    plugins._entry_points.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "addition"]:
        del sys.modules[name]


def test_a_detector_and_a_card_of_another_package(addition):
    assert known_cards()["all_of_it"].title == "All of it"
    detector = load_detector("all_of_it")
    found = detector([torch.zeros(4, 6, 3, dtype=torch.uint8)])
    assert (found.boxes.tolist(), found.scores.tolist()) == ([[0, 0, 6, 4]], [0.5])
    assert load_card("all_of_it").network.folder == addition


def test_a_pose_network_of_another_package(addition):
    from addition.networks import dots

    torch.save(dots(17, width=8).state_dict(), addition / "dots.pth")
    assert load_pose("dots").network.output_shapes == ((17, 16, 12),)
    estimator = PoseEstimator("all_of_it", "dots")
    assert estimator(torch.zeros(64, 48, 3, dtype=torch.uint8))[0].keypoints.xy.shape == (1, 17, 2)
    # Its numbers are read as those of the package's own.
    (addition / "wide.toml").write_text(POSE_CARD.replace("width = 8", "width = 17"))
    with pytest.raises(ModelError, match="dots.width must be a whole number, 1 to 16, got 17"):
        load_card(addition / "wide.toml")
    # So are the sizes that it takes.
    (addition / "odd.toml").write_text(POSE_CARD.replace("[64, 48]", "[64, 50]"))
    with pytest.raises(
        ModelError, match=r"input.size must be multiples of 4 for dots, got \[64, 50"
    ):
        load_card(addition / "odd.toml")
    # Its names do not take the place of the package's own.
    assert load_card("small_hourglass_coco17").parameters[0] == ("stacks", 2)


def test_what_a_package_adds_and_is_no_pose_network(addition):
    (addition / "mine.toml").write_text(POSE_CARD.replace('"dots"', '"number"'))
    with pytest.raises(
        ModelError, match="number of rmpe.pose_networks must be an Architecture .* 3"
    ):
        load_card(addition / "mine.toml")


def test_names_of_this_package_stay_its_own(addition):
    assert load_card("simplepose_coco17").network.folder == _CARDS


def test_what_a_package_adds_and_cannot_be_imported_is_named(addition):
    (addition / "mine.toml").write_text(CARD.replace('"everything"', '"broken"'))
    with pytest.raises(ModelError, match="broken of the package addition cannot be used: half ins"):
        load_card(addition / "mine.toml")
    text = (_CARDS / "simplepose_coco17.toml").read_text().replace('"heatmap"', '"stick"')
    (addition / "mine.toml").write_text(text)
    with pytest.raises(ModelError, match="stick of the package addition cannot be used: .*Stick"):
        load_card(addition / "mine.toml")


def test_cards_that_are_in_no_package(addition):
    info = addition.parent.parent / "addition-1.0.dist-info" / "entry_points.txt"
    info.write_text("[rmpe.cards]\naddition = nowhere.cards\n")
    plugins._entry_points.cache_clear()
    with pytest.raises(ModelError, match="the cards of the package addition must be in a package"):
        known_cards()


def test_without_such_packages_there_are_only_the_names_of_this_one():
    with pytest.raises(ModelError, match="model must be one of cigpose_l384_coco17, .*, got 'all_"):
        load_card("all_of_it")
