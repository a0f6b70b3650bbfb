"""Training a detector: batches, and a whole run."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from rmpe.cli import main
from rmpe.training.detector.matching import NOBODY, UNKNOWN, encode_boxes
from rmpe.training.detector.task import DetectorTask
from rmpe.training.read import parse_config
from rmpe.training.schedule import Schedule

from ..material import draw_people
from .test_windows import STILL

CONFIG = """
task = "detector"
batch_size = 4
precision = "float32"
log_every = 1
validate_every = 1600

[[source]]
annotations = "people.json"
images = "images"

[validation]
annotations = "people.json"
images = "images"

[network]
architecture = "small_ssd"
parameters = {width_4 = 8, width_8 = 16, width_16 = 16, width_32 = 16, width_64 = 16, neck = 16}

[optimizer]
clip = 10.0
ema = 0.9

[[phase]]
name = "only"
samples = 480
size = [128, 128]
rate = 4e-3
warmup = 40
"""


@pytest.fixture
def task(drawn, tmp_path):
    return DetectorTask(parse_config(CONFIG), data=drawn, cache=tmp_path / "cache", folder=tmp_path)


def batch_of(task, step=0, rank=0, world=1):
    return task.batches(Schedule(task.config.phase, 4), rank, world)(step)


def test_people_are_bright_and_lie_in_their_boxes(task):
    task.config = replace(task.config, augmentation=replace(
        task.config.augmentation, color=0, gray_chance=0, mosaic_chance=0.5))  # fmt: skip
    found = 0
    for step in range(4):
        batch = batch_of(task, step)
        brightness = batch.inputs.mean(dim=1)
        for i, matched in enumerate(batch.matched):
            for row in matched[matched >= 0].unique():
                x1, y1, x2, y2 = (batch.boxes[row] * 128).round().int().tolist()
                inside = brightness[i, y1:y2, x1:x2]
                # Limbs are much brighter than the noise around them.
                assert inside.max() > 0
                found += 1
    assert found >= 12


def test_the_whole_photograph_is_seen_as_the_detector_will_see_it(task, people):
    task.config = replace(task.config, augmentation=STILL)
    batch = batch_of(task)
    boxes = (people.boxes / [160, 120, 160, 120])[:, None]
    assert batch.boxes.shape == (4, 4)
    for box in batch.boxes.numpy():
        assert np.abs(boxes - box).max(axis=2).min() < 1e-6


def test_processes_share_the_batch_of_one(task):
    whole = batch_of(task, 3)
    for rank in (0, 1):
        part = batch_of(task, 3, rank, 2)
        assert part.inputs.equal(whole.inputs[rank::2])
        assert (part.matched == NOBODY).equal(whole.matched[rank::2] == NOBODY)
        assert (part.matched == UNKNOWN).equal(whole.matched[rank::2] == UNKNOWN)


def test_right_outputs_have_almost_no_loss(task):
    batch = batch_of(task)
    matched = batch.matched
    logits = torch.zeros(*matched.shape, 2)
    logits[..., 1] = torch.where(matched >= 0, 20.0, -20.0)
    encoded = torch.zeros(*matched.shape, 4)
    person = matched >= 0
    anchors = batch.anchors.expand(len(matched), -1, -1)[person]
    encoded[person] = encode_boxes(batch.boxes[matched[person]], anchors)
    loss, _ = task.loss(lambda inputs: (encoded, logits), batch)
    assert loss < 1e-4
    assert task.loss(lambda inputs: (encoded, -logits), batch)[0] > 1


def test_the_picture_shows_samples(task):
    batch = batch_of(task)
    outputs = task.network().eval()(batch.inputs)
    picture = task.picture(batch, tuple(output.detach() for output in outputs))
    assert picture.shape == (3, 128, 4 * 128) and 0 <= picture.min() and picture.max() <= 1


def test_a_detector_is_learned_by_heart(tmp_path, capsys):
    data = draw_people(tmp_path / "data", 4)
    (tmp_path / "config.toml").write_text(CONFIG)
    status = main([
        "train", str(tmp_path / "config.toml"), "--data", str(data), "--overfit", "4",
        "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "run"),
    ])  # fmt: skip
    assert status == 0
    measured = json.loads((tmp_path / "run/log.jsonl").read_text().splitlines()[-1])
    assert measured["ap50"] > 0.95
    assert (tmp_path / "run/best.toml").exists()
