"""What a network learns of its teacher's other classes."""

import math
from dataclasses import replace

import pytest
import torch

from rmpe.cli import main
from rmpe.models import DEFAULT_DETECTOR
from rmpe.models.build import load_detector
from rmpe.networks.architectures.small_ssd import SmallSSD
from rmpe.training.config import ConfigError
from rmpe.training.detector import teacher
from rmpe.training.detector.hints import Pupil, hint_loss, place_scores
from rmpe.training.detector.task import DetectorTask
from rmpe.training.read import parse_config

from ..material import draw_people
from .test_task import CONFIG, batch_of

TEACHER = f'''
[loss]
scores = "quality"

[teacher]
detector = "{DEFAULT_DETECTOR}"
share = 0.3
hint_weight = 0.5
'''


def test_scores_are_placed_where_their_anchors_are():
    random = torch.Generator().manual_seed(0)
    anchors = torch.rand(400, 4, generator=random)
    anchors[:, 2:] = 0.05 + anchors[:, 2:] ** 3
    scores = torch.rand(2, 400, 3, generator=random)
    placed = place_scores(scores, anchors, (128, 256))
    assert [level.shape for level in placed] == [(2, 3, 8, 16), (2, 3, 4, 8), (2, 3, 2, 4)]
    wanted = [torch.full_like(level, -1) for level in placed]
    for anchor, (x, y, width, height) in enumerate(anchors.tolist()):
        side = math.sqrt(width * 256 * height * 128)
        level = min(2, max(0, round(math.log2(side / 40))))
        stride = 16 * 2**level
        cell = (..., int(y * 128 / stride), int(x * 256 / stride))
        wanted[level][cell] = torch.maximum(wanted[level][cell], scores[:, anchor])
    for level, other in zip(placed, wanted, strict=True):
        torch.testing.assert_close(level, other)
    # Some places have no anchor.
    assert all(0 < (level >= 0).float().mean() < 1 for level in placed)


def test_the_loss_is_what_a_teacher_s_own_doubt_does_not_explain():
    scores = torch.tensor([0.0, 0.2, 0.9, 1.0, -1.0]).view(1, 1, 1, 5)
    agreeing = torch.tensor([-30.0, math.log(0.25), math.log(9), 30.0, 5.0]).view(1, 1, 1, 5)
    agreeing.requires_grad_()
    loss = hint_loss([agreeing], [scores])
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-4) and agreeing.grad.abs().max() < 1e-5
    wrong = torch.zeros(1, 1, 1, 5)
    divergence = sum(
        p * math.log(2 * p) + (1 - p) * math.log(2 * (1 - p)) for p in (1e-6, 0.2, 0.9, 1 - 1e-6)
    )
    assert hint_loss([wrong, wrong], [scores, scores]).item() == pytest.approx(2 * divergence, 1e-4)


def test_a_pupil_finds_what_its_detector_finds():
    torch.manual_seed(0)
    detector = SmallSSD((8, 8, 8, 8, 8), neck=8)
    pupil = Pupil(detector, classes=5).eval()
    images = torch.rand(2, 3, 128, 256)
    boxes, logits, hints = pupil(images)
    torch.testing.assert_close((boxes, logits), detector(images))
    assert [hint.shape for hint in hints] == [(2, 5, 8, 16), (2, 5, 4, 8), (2, 5, 2, 4)]


@pytest.fixture
def taught(drawn, tmp_path):
    config = parse_config(CONFIG + TEACHER)
    return DetectorTask(config, data=drawn, cache=tmp_path / "cache", folder=tmp_path)


def test_hints_are_learned_beside_people(taught):
    batch, network = batch_of(taught), taught.network()
    assert [hint.shape for hint in batch.hints] == [(4, 1, 8, 8), (4, 1, 4, 4), (4, 1, 2, 2)]
    loss, _ = taught.loss(network, batch)
    loss.backward()
    assert network.hints[0][2].bias.grad.abs() > 0
    taught.config = replace(taught.config, teacher=replace(taught.config.teacher, hint_weight=1.0))
    assert taught.loss(network, batch)[0] > loss


@pytest.mark.parametrize("of_a_pupil", [False, True])
def test_the_hints_are_for_training_alone(taught, tmp_path, of_a_pupil):
    network = taught.network()
    trained = {name: value + 0.25 for name, value in network.detector.state_dict().items()}
    weights = {f"detector.{name}": value for name, value in trained.items()}
    taught.adopt(network, weights | {"hints.0.0.bias": torch.ones(1)} if of_a_pupil else trained)
    assert network.detector.stem[0][0].weight.equal(trained["stem.0.0.weight"])
    card = taught.export(tmp_path, "average", network, (128, 128))
    image = torch.full((1, 3, 128, 128), 0.5)
    outputs = load_detector(card).network(image)
    torch.testing.assert_close(outputs, network.detector.eval()(image), rtol=0.02, atol=0.02)


def without_background(name):
    detector = load_detector(name)
    detector.ssd = replace(detector.ssd, classes=("person",))
    return detector


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda name: None, "needs a detector that is an SSD, got NoneType; name one"),
        (without_background, "whose first column is the background, got 'person'; name another"),
    ],
)
def test_another_teacher_gives_none(drawn, tmp_path, monkeypatch, load, message):
    monkeypatch.setattr(teacher, "load_detector", load)
    with pytest.raises(ConfigError, match=f"teacher.detector: hint_weight .*{message}"):
        DetectorTask(parse_config(CONFIG + TEACHER), data=drawn, cache=tmp_path, folder=tmp_path)


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        (
            "network",
            {"architecture": "ssd300_vgg16", "parameters": {}},
            "needs the architecture small_ssd, got ssd300_vgg16",
        ),
        ("teacher", {"detector": ""}, "needs a teacher.detector, got 0.5 without; name a detector"),
    ],
)
def test_who_cannot_be_taught(drawn, tmp_path, part, values, message):
    config = parse_config(CONFIG + TEACHER)
    config = replace(config, **{part: replace(getattr(config, part), **values)})
    with pytest.raises(ConfigError, match=f"teacher.hint_weight {message}"):
        DetectorTask(config, data=drawn, cache=tmp_path, folder=tmp_path)


def test_a_run_with_hints_goes_on_and_is_taken_over(tmp_path):
    data = draw_people(tmp_path / "data", 4)
    (tmp_path / "plain.toml").write_text(CONFIG)
    (tmp_path / "hints.toml").write_text(CONFIG + TEACHER)

    def train(name, out, *options):
        command = ["train", str(tmp_path / name), "--data", str(data), "--out", str(tmp_path / out)]
        return main([*command, "--cache", str(tmp_path / "cache"), *map(str, options)])

    assert train("hints.toml", "first", "--samples", 8) == 0
    assert train("hints.toml", "first", "--samples", 16, "--resume") == 0
    for weights in (tmp_path / "first/checkpoint.pt", tmp_path / "first/average.toml"):
        for name in ("plain", "hints"):
            out = f"{name} from {weights.suffix[1:]}"
            assert train(f"{name}.toml", out, "--samples", 8, "--weights", weights) == 0
            assert load_detector(tmp_path / out / "average.toml").network.output_shapes[0][1] == 4
