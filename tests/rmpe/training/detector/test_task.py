"""Training a detector: batches, and a whole run."""

import hashlib
import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from rmpe.cli import main
from rmpe.inputs.images import read_image
from rmpe.models.build import load_detector
from rmpe.training.config import ConfigError
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


def test_the_annotations_are_told_by_their_digest(task, drawn):
    digest = hashlib.sha256((drawn / "people.json").read_bytes()).hexdigest()
    assert task.contents["annotation file of source 1, people.json"] == f"SHA-256 {digest}"


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


def test_two_photographs_are_blended(task, people):
    task.config = replace(task.config, augmentation=STILL)
    plain = torch.stack([image for step in range(8) for image in batch_of(task, step).inputs])
    task.config = replace(task.config, augmentation=replace(STILL, blend_chance=1))
    batch = batch_of(task)
    boxes = torch.from_numpy(people.boxes / [160, 120, 160, 120])
    for i, blended in enumerate(batch.inputs):
        halves = (plain[:, None] + plain) / 2
        assert (halves - blended).abs().amax((2, 3, 4)).min() < 1e-5
        own = batch.boxes[batch.sample == i]
        assert len(own) == 2
        assert all((boxes - box).abs().amax(1).min() < 1e-6 for box in own)
    assert any((batch.boxes[batch.sample == i].diff(dim=0) != 0).any() for i in range(4))


@pytest.mark.parametrize("several", [0.0, 0.5])
def test_processes_share_the_batch_of_one(task, several):
    augmentation = replace(
        task.config.augmentation, mosaic_chance=several, blend_chance=several, expand_chance=0.5
    )
    task.config = replace(task.config, augmentation=augmentation)
    whole = batch_of(task, 3)
    assert several == 0 or len(whole.boxes) > 4
    for rank in (0, 1):
        part = batch_of(task, 3, rank, 2)
        assert part.inputs.equal(whole.inputs[rank::2])
        for number in range(2):
            own, all_of_it = part.sample == number, whole.sample == rank + 2 * number
            assert part.boxes[own].equal(whole.boxes[all_of_it])
            assert part.ignored[own].equal(whole.ignored[all_of_it])
        assert (part.matched == NOBODY).equal(whole.matched[rank::2] == NOBODY)
        assert (part.matched == UNKNOWN).equal(whole.matched[rank::2] == UNKNOWN)


def right_outputs(batch):
    """Boxes and logits of a network that has learned the matched anchors."""
    person = batch.matched >= 0
    logits = torch.zeros(*person.shape, 2)
    logits[..., 1] = torch.where(person, 20.0, -20.0)
    encoded = torch.zeros(*person.shape, 4)
    anchors = batch.anchors.expand(len(person), -1, -1)[person]
    encoded[person] = encode_boxes(batch.boxes[batch.matched[person]], anchors)
    return encoded, logits


def test_right_outputs_have_almost_no_loss(task):
    batch = batch_of(task)
    encoded, logits = right_outputs(batch)
    loss, _ = task.loss(lambda inputs: (encoded, logits), batch)
    assert loss < 1e-4
    assert task.loss(lambda inputs: (encoded, -logits), batch)[0] > 1


def test_aligned_anchors_are_chosen_by_the_outputs(task):
    batch = batch_of(task)
    encoded, logits = right_outputs(batch)
    task.config = replace(
        task.config, loss=replace(task.config.loss, scores="quality", matching="aligned")
    )
    open_batch = batch_of(task)
    assert (~batch.ignored).any() and (open_batch.matched < 0).all()
    assert open_batch.boxes.equal(batch.boxes)
    assert task.loss(lambda inputs: (encoded, logits), open_batch)[0] < 0.01
    assert task.loss(lambda inputs: (encoded, -logits), open_batch)[0] > 1
    # Half sure, half the score is right.
    unsure = replace(open_batch, certainty=torch.full_like(open_batch.certainty, 0.5))
    assert task.loss(lambda inputs: (encoded, logits), unsure)[0] > 1


def test_aligned_anchors_leave_ignored_regions_out(task):
    loss = replace(task.config.loss, scores="quality", matching="aligned")
    task.config = replace(task.config, loss=loss)
    task._sources = [replace(part, ignored=np.ones_like(part.ignored)) for part in task._sources]
    batch = batch_of(task)
    assert batch.ignored.all() and (batch.matched == UNKNOWN).any() and (batch.matched < 0).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'loss.matching = "aligned" needs scores = "quality", got \'focal\''),
        (
            'scores = "quality"\npositive_iou = 0.6\n',
            'have no meaning with matching = "aligned", got 0.6 and 0.4; leave them out',
        ),
    ],
)
def test_what_aligned_anchors_refuse(drawn, tmp_path, text, message):
    config = parse_config(f'{CONFIG}[loss]\nmatching = "aligned"\n{text}')
    with pytest.raises(ConfigError, match=message):
        DetectorTask(config, data=drawn, cache=tmp_path / "cache", folder=tmp_path)


def test_the_picture_shows_samples(task):
    batch = batch_of(task)
    outputs = task.network().eval()(batch.inputs)
    picture = task.picture(batch, tuple(output.detach() for output in outputs))
    assert picture.shape == (3, 128, 4 * 128) and 0 <= picture.min() and picture.max() <= 1


def add_squares(folder):
    """Draw something else into each photograph, and annotate it as people are not: no keypoints."""
    content = json.loads((folder / "people.json").read_text())
    content["categories"].append({"id": 5, "name": "Square"})
    for image in content["images"]:
        path, i = str(folder / "images" / image["file_name"]), image["id"]
        picture = cv2.imread(path)
        x, y = 110 + 4 * i, 10 + 20 * i
        picture[y : y + 24, x : x + 24] = (255, 40, 40)
        cv2.imwrite(path, picture)
        content["annotations"].append({
            "id": 100 + i, "image_id": i, "category_id": 5, "iscrowd": 0, "bbox": [x, y, 24, 24],
        })  # fmt: skip
    (folder / "people.json").write_text(json.dumps(content))
    return folder


TWO = CONFIG.replace("batch_size = 4", 'batch_size = 4\nclasses = ["square", "person"]')


ALIGNED = TWO + '[loss]\nscores = "quality"\nmatching = "aligned"\n'


@pytest.mark.parametrize("config", [CONFIG, TWO, ALIGNED], ids=["people", "two classes", "aligned"])
def test_a_detector_is_learned_by_heart(tmp_path, config):
    data = add_squares(draw_people(tmp_path / "data", 4))
    (tmp_path / "config.toml").write_text(config)
    status = main([
        "train", str(tmp_path / "config.toml"), "--data", str(data), "--overfit", "4",
        "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "run"),
    ])  # fmt: skip
    assert status == 0
    measured = json.loads((tmp_path / "run/log.jsonl").read_text().splitlines()[-1])
    assert measured["ap50"] > 0.95
    card = tmp_path / "run/average.toml"  # best.toml is the first that has everybody, not yet sure
    image = torch.from_numpy(read_image(data / "images/1.png"))
    if config == CONFIG:
        assert "ap of person" not in measured and "person = 1" in card.read_text()
        assert len(load_detector(card)([image]).boxes) == 1
        return
    assert min(measured["ap of person"], measured["ap of square"]) > 0.5
    assert 'classes = ["", "square", "person"]' in card.read_text()
    assert len(load_detector(card)([image]).boxes) == 1
    square = load_detector(card, classes=["square"])([image]).boxes[0]
    torch.testing.assert_close(square, torch.tensor([114.0, 30, 138, 54]), atol=5, rtol=0)
    both = load_detector(card, classes=["person", "square"])([image])
    assert sorted(both.class_index.tolist()) == [0, 1]


def test_damaged_photographs_for_validation_are_skipped_and_told(tmp_path, capsys):
    data = draw_people(tmp_path / "data", 4)
    (data / "images/1.png").write_bytes(b"damaged")
    (data / "images/2.png").unlink()
    (tmp_path / "config.toml").write_text(CONFIG)
    assert main([
        "train", str(tmp_path / "config.toml"), "--data", str(data), "--samples", "8",
        "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "run"),
    ]) == 0  # fmt: skip
    told = "2 boxes in 2 photographs, for validation; skipped: 1 image missing, 1 image unreadable"
    assert f"people.json: {told}" in capsys.readouterr().out
    measured = json.loads((tmp_path / "run/log.jsonl").read_text().splitlines()[-1])
    assert 0 <= measured["ap50"] <= 1


@pytest.mark.parametrize("damage", ["the photographs", "the boxes"])
def test_nothing_to_validate_on_is_told_at_the_start(tmp_path, capsys, damage):
    data = draw_people(tmp_path / "data", 2)
    content = json.loads((data / "people.json").read_text())
    (data / "val").mkdir()
    for image in content["images"]:
        (data / "val" / image["file_name"]).write_bytes(b"damaged")
    if damage == "the boxes":
        content["annotations"] = []
        shutil.copytree(data / "images", data / "val", dirs_exist_ok=True)
    (data / "val.json").write_text(json.dumps(content))
    head, tail = CONFIG.split("[validation]")
    tail = tail.replace("people.json", "val.json", 1).replace('"images"', '"val"', 1)
    (tmp_path / "config.toml").write_text(f"{head}[validation]{tail}")
    assert main([
        "train", str(tmp_path / "config.toml"), "--data", str(data), "--samples", "8",
        "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "run"),
    ]) == 2  # fmt: skip
    error = capsys.readouterr().err
    assert "val.json: there must be a box that is no crowd among the photographs" in error
    assert ("skipped: 2 image unreadable" in error) == (damage == "the photographs")


def test_classes_of_a_batch(tmp_path):
    data = add_squares(draw_people(tmp_path / "data", 4))
    config = replace(parse_config(TWO), augmentation=STILL)
    task = DetectorTask(config, data=data, cache=tmp_path / "cache", folder=tmp_path)
    assert task.summary() == [
        "people.json: 8 boxes in 4 photographs, 100% of the samples",
        "people.json: 8 boxes in 4 photographs, for validation",
    ]
    batch = batch_of(task)
    sides = batch.boxes[:, 2:] - batch.boxes[:, :2]
    squares = batch.class_index == 0
    assert sides[squares].allclose(torch.tensor([24 / 160, 24 / 120])) and squares.sum() == 4
    assert set(range(8)) <= set(batch.matched.unique().tolist())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"person"]', '"Square"]', "classes must be different names, got square, Square"),
        ('"person"]', '"cat"]', "categories must have one that is named 'cat', got 0 among"),
        (
            '"square", "person"]\nprecision = "float32"\nlog_every = 1\nvalidate_every = 1600\n\n[[source]]',
            '"square"]\n[[source]]\nmore_boxes = "all"',
            "more_boxes are boxes of people, and needs person among classes, got square",
        ),
        ("neck = 16", "neck = 16, classes = 2", "classes must be 3, the background and square, p"),
    ],
)  # fmt: skip
def test_classes_that_do_not_fit(tmp_path, capsys, old, new, message):
    data = add_squares(draw_people(tmp_path / "data", 4))
    assert old in TWO
    (tmp_path / "config.toml").write_text(TWO.replace(old, new))
    arguments = ["train", str(tmp_path / "config.toml"), "--data", str(data), "--dry-run"]
    assert main([*arguments, "--cache", str(tmp_path / "cache")]) == 2
    assert message in capsys.readouterr().err
