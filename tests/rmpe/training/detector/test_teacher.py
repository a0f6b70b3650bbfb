"""A second opinion on the labels of a detector's samples."""

import hashlib
from dataclasses import replace

import pytest
import torch

from rmpe.detectors.detections import Detections
from rmpe.models import DEFAULT_DETECTOR
from rmpe.models.read import _CARDS
from rmpe.training.config import ConfigError
from rmpe.training.detector import config, teacher
from rmpe.training.detector.task import DetectorTask
from rmpe.training.detector.teacher import SampleBoxes, Teacher
from rmpe.training.read import parse_config

from .test_task import CONFIG, batch_of

SAMPLES = torch.rand(3, 3, 256, 256)


def judge(monkeypatch, labels, found, share=0.5, ignored=()):
    """What a teacher makes of labels, (sample, x1, y1, x2, y2) each, by (..., score) it finds."""
    told = []

    def detector(images, threshold):
        told.append((images, threshold))
        rows = torch.tensor(found).reshape(-1, 6)
        return Detections(256 * rows[:, 1:5], rows[:, 5], rows[:, 0].long())

    monkeypatch.setattr(teacher, "load_detector", lambda name: detector)
    rows = torch.tensor(labels).reshape(-1, 5)
    count = len(rows)
    given = SampleBoxes(
        rows[:, 1:], rows[:, 0].long(), torch.tensor([i in ignored for i in range(count)]).bool(),
        torch.zeros(count, dtype=torch.int64), torch.ones(count),
    )  # fmt: skip
    spec = config.Teacher(detector=DEFAULT_DETECTOR, share=share, threshold=0.2)
    judged, hints = Teacher(spec).judge(given, SAMPLES, (256, 256))
    assert hints == ()
    ((images, threshold),) = told
    assert threshold == 0.2
    assert len(images) == 3
    assert torch.equal(images[1], (SAMPLES[1] * 255).round().byte().permute(1, 2, 0))
    assert all(len(column) == len(judged.boxes) for column in judged)
    return judged


def test_labels_are_as_sure_as_both_say(monkeypatch):
    labels = [(0.0, 0.1, 0.1, 0.3, 0.5), (0.0, 0.6, 0.6, 0.9, 0.9), (2.0, 0.1, 0.1, 0.3, 0.5)]
    found = [
        (0.0, 0.1, 0.1, 0.3, 0.4, 0.7),  # of the first
        (0.0, 0.12, 0.1, 0.3, 0.5, 0.8),  # and again, and more so
        (1.0, 0.6, 0.6, 0.9, 0.9, 0.9),  # where the second is, in another sample
    ]
    judged = judge(monkeypatch, labels, found, share=0.25)
    torch.testing.assert_close(judged.certainty, torch.tensor([0.95, 0.75, 0.75, 0.225]))
    torch.testing.assert_close(judged.boxes[:3], torch.tensor(labels)[:, 1:])
    assert judged.sample.tolist() == [0, 0, 2, 1]


def test_who_is_not_labeled_is_added(monkeypatch):
    found = [(1.0, 0.5, 0.5, 1.25, 0.75, 0.6), (2.0, 0.3, 0.3, 0.3, 0.4, 0.9)]
    judged = judge(monkeypatch, [], found)
    torch.testing.assert_close(judged.boxes, torch.tensor([[0.5, 0.5, 1.0, 0.75]]))
    assert judged.sample.tolist() == [1]
    torch.testing.assert_close(judged.certainty, torch.tensor([0.3]))
    assert not judged.ignored.any()


def test_a_teacher_that_finds_nobody(monkeypatch):
    judged = judge(monkeypatch, [(0.0, 0.1, 0.1, 0.3, 0.5)], [])
    assert judged.certainty.tolist() == [0.5]


def test_who_is_in_a_crowd_is_not_added(monkeypatch):
    crowd = [(0.0, 0.0, 0.0, 0.5, 1.0)]
    found = [
        (0.0, 0.1, 0.1, 0.3, 0.4, 0.9),
        (0.0, 0.4, 0.1, 0.59, 0.4, 0.8),  # more than half in it
        (0.0, 0.45, 0.1, 0.59, 0.4, 0.7),
        (1.0, 0.1, 0.1, 0.3, 0.4, 0.6),  # in another sample
    ]
    judged = judge(monkeypatch, crowd, found, ignored=[0])
    torch.testing.assert_close(judged.certainty[1:], torch.tensor([0.35, 0.3]))
    assert judged.ignored.tolist() == [True, False, False]


def test_without_a_share_labels_stay(monkeypatch):
    labels = [(0.0, 0.1, 0.1, 0.3, 0.5)]
    judged = judge(monkeypatch, labels, [(0.0, 0.6, 0.6, 0.9, 0.9, 0.9)], share=0.0)
    assert judged.certainty.tolist() == [1.0] and len(judged.boxes) == 1


@pytest.fixture
def taught(drawn, tmp_path):
    """The package's detector judges, of whom it finds at all."""
    text = (
        CONFIG + '[loss]\nscores = "quality"\n'
        f'[teacher]\ndetector = "{DEFAULT_DETECTOR}"\nshare = 0.5\nthreshold = 0.01\n'
    )
    return DetectorTask(parse_config(text), data=drawn, cache=tmp_path / "c", folder=tmp_path)


def test_batches_have_its_opinion(taught):
    batch = batch_of(taught)
    assert (batch.certainty < 1).all()
    assert len(batch.certainty) == len(batch.boxes) == len(batch.class_index)
    again = batch_of(taught)
    assert torch.equal(batch.certainty, again.certainty) and torch.equal(batch.boxes, again.boxes)
    # Labels first, at least half sure; then what was added, at most.
    assert (batch.certainty[:4] >= 0.5).all()
    assert (batch.certainty[batch.certainty < 0.5] > 0).all()


def test_less_sure_is_the_goal_of_scores_and_the_weight_of_boxes(taught):
    batch = batch_of(taught)
    outputs = taught.network()(batch.inputs)
    loss = taught.loss(lambda inputs: outputs, batch)[0]
    surer = replace(batch, certainty=torch.ones_like(batch.certainty))
    assert loss != taught.loss(lambda inputs: outputs, surer)[0]


def test_the_run_tells_its_files(taught):
    (name,) = {"small_ssd_person.safetensors"} & {
        entry.rpartition(" ")[2] for entry in taught.contents
    }
    digest = hashlib.sha256((_CARDS / name).read_bytes()).hexdigest()
    assert taught.contents[f"file of the teacher, {name}"] == f"SHA-256 {digest}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'teacher.detector needs scores = "quality"'),
        ('[loss]\nscores = "quality"\n', "teacher.detector: model must be one of"),
    ],
)
def test_what_is_refused(drawn, tmp_path, text, message):
    text = f'{CONFIG}{text}[teacher]\ndetector = "nobody"\n'
    with pytest.raises(ConfigError, match=message):
        DetectorTask(parse_config(text), data=drawn, cache=tmp_path / "c", folder=tmp_path)
