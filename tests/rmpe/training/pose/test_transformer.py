"""Training a pose network behind a spatial transformer, and the model that comes out."""

import json
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from rmpe import PoseEstimator
from rmpe.cli import main
from rmpe.errors import ModelError
from rmpe.method.modes import STN
from rmpe.method.parallel import RMPE
from rmpe.method.proposals import RELEASED
from rmpe.models.build import load_pose
from rmpe.training.checkpoint import CheckpointError, read_checkpoint
from rmpe.training.config import ConfigError
from rmpe.training.loop import TrainingError, train
from rmpe.training.pose.task import PoseTask
from rmpe.training.pose.transformers import paint_windows, window_loss
from rmpe.training.read import parse_config
from rmpe.training.run import Run
from rmpe.training.schedule import Schedule
from rmpe.training.session import prepare

from ..material import CONFIG, draw_people, equal
from .test_augmentation import STILL

TRANSFORMER = """
[transformer]
parameters = {width = 8, cells = 4}
small = [32, 32]
"""
SECOND = """
[[phase]]
name = "second"
samples = 24
size = [64, 64]
rate = 1e-3
transformer = true
"""
PHASES = CONFIG.replace("samples = 40", "samples = 16") + TRANSFORMER + SECOND


@pytest.fixture
def task(drawn, tmp_path):
    return PoseTask(parse_config(PHASES), data=drawn, cache=tmp_path / "cache", folder=tmp_path)


def moved(network):
    """Let the transformer look elsewhere."""
    torch.manual_seed(0)
    torch.nn.init.normal_(network.transformer.localization.regress[-1].weight, std=0.5)
    return network


def test_centered_targets_are_there_where_the_branch_needs_them(task):
    make = task.batches(Schedule(task.config.phase, 4), 0, 1)
    assert make(3).centered is None and make(4).centered.shape == make(4).target.shape


def test_a_box_that_is_true_is_centered(task):
    task.config = replace(task.config, augmentation=STILL)
    batch = task.batches(Schedule(task.config.phase, 4), 0, 1)(5)
    assert batch.centered.equal(batch.target)
    task.config = replace(task.config, augmentation=replace(STILL, shift=0.2))
    batch = task.batches(Schedule(task.config.phase, 4), 0, 1)(5)
    assert not batch.centered.equal(batch.target)
    # The centered person is in the middle, whatever the box.
    place = torch.arange(16.0) - 7.5
    weight = batch.centered.sum((1, 2))
    assert ((weight * place).sum(1) / weight.sum(1)).abs().max() < 2


def test_the_loss_is_that_of_both_branches(task):
    network = moved(task.network())
    for phase, begins in zip(task.config.phase, (True, True), strict=True):
        task.enter(network, phase, begins=begins)
    batch = task.batches(Schedule(task.config.phase, 4), 0, 1)(5)
    both, outputs = task.loss(network, batch)
    network.branches = False
    main_branch, _ = task.loss(network, batch)
    assert both.item() == pytest.approx(main_branch.item() + outputs.parallel, rel=1e-2)
    details = task.details(outputs)
    assert details["parallel"] == outputs.parallel and details["limited"] == 0
    assert 0 < details["window_shift"] < 0.3 and 0.5 < details["window_size"] < 2


def test_the_transformer_rests_until_its_phase_and_the_branch_begins_then(task):
    network = moved(task.network())
    first, second = task.config.phase
    task.enter(network, first, begins=True)
    crops = torch.rand(2, 3, 64, 64)
    assert network(crops).theta is None and network(crops).parallel is None
    with torch.no_grad():
        network.sppe.score[0].bias += 3
    task.enter(network, second, begins=True)
    assert equal(network.parallel.state_dict(), network.sppe.state_dict())
    with torch.no_grad():
        network.sppe.score[0].bias += 3
    # Going on after an interruption, it stays as it was.
    task.enter(network, second, begins=False)
    assert not equal(network.parallel.state_dict(), network.sppe.state_dict())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rmpe")
    draw_people(folder / "data", 5)
    (folder / "config.toml").write_text(PHASES)
    status = main([
        "train", str(folder / "config.toml"), "--data", str(folder / "data"),
        "--cache", str(folder / "cache"), "--out", str(folder / "run"),
    ])  # fmt: skip
    assert status == 0
    return folder


def test_both_phases_are_taken_and_the_branch_is_frozen(trained, tmp_path):
    arguments = [
        "train", str(trained / "config.toml"), "--data", str(trained / "data"),
        "--cache", str(trained / "cache"), "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    assert main([*arguments, "--samples", "20"]) == 0
    early, late = (read_checkpoint(folder / "run/checkpoint.pt") for folder in (tmp_path, trained))
    assert (early["step"], late["step"]) == (5, 10)
    frozen = [name for name in late["network"] if name.startswith("parallel.")]
    assert frozen and all(equal(early["network"][k], late["network"][k]) for k in frozen)
    learning = [name.replace("parallel.", "sppe.") for name in frozen]
    assert not any(equal(early["network"][k], late["network"][k]) for k in learning[:5])
    lines = [json.loads(line) for line in (trained / "run/log.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "loss" in line]
    assert ["parallel" in line for line in steps] == [False] * 4 + [True] * 6
    # And gone on from there, it is the run that was never interrupted.
    assert main([*arguments, "--resume"]) == 0
    assert equal(read_checkpoint(tmp_path / "run/checkpoint.pt"), late)


def test_the_model_has_its_transformer_and_every_mode_uses_it(trained):
    pose = load_pose(trained / "run/average.toml")
    assert pose.transformer is not None and len(pose.card.files) == 2
    image = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    for mode in STN:
        for flip in (False, True):
            estimator = PoseEstimator(None, pose, nms=None, stn=mode, flip=flip)
            people = estimator(image, boxes=[[10, 10, 80, 90], [30, 20, 150, 110]])
            assert people.keypoints.shape == (2, 17, 2) and people.keypoints.isfinite().all()
    with pytest.raises(ValueError, match="stn must be one of compose, resample, heatmaps, off"):
        PoseEstimator(None, pose, stn="on")


def test_its_pose_network_can_begin_another_run(trained, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    arguments = ["train", str(config), "--data", str(trained / "data"), "--cache",
                 str(trained / "cache"), "--samples", "4", "--weights"]  # fmt: skip
    (weights,) = map(str, (trained / "run").glob("average-network-*.safetensors"))
    assert main([*arguments, weights, "--out", str(tmp_path / "plain")]) == 0
    # And the other way: a plain network behind a transformer.
    config.write_text(PHASES)
    checkpoint = str(tmp_path / "plain/checkpoint.pt")
    assert main([*arguments, checkpoint, "--out", str(tmp_path / "rmpe")]) == 0
    both = (read_checkpoint(tmp_path / f / "checkpoint.pt")["network"] for f in ("plain", "rmpe"))
    plain, rmpe = both
    for name, value in plain.items():
        if value.is_floating_point():
            torch.testing.assert_close(rmpe[f"sppe.{name}"], value, atol=0.1, rtol=0.2)


@pytest.mark.parametrize("file", ["average.toml", "checkpoint.pt"])
def test_trained_transformers_are_taken_where_there_is_one(trained, tmp_path, file):
    weights = trained / "run" / file
    average = read_checkpoint(trained / "run/checkpoint.pt")["average"]
    config = tmp_path / "config.toml"
    begun = {}
    for name, text in (("rmpe", PHASES), ("plain", CONFIG)):
        config.write_text(text)
        begun[name] = prepare(
            config, data=trained / "data", cache=trained / "cache", weights=weights
        )
    taken = {name: found.summary[-1] for name, found in begun.items()}
    assert taken["rmpe"] == f"from {weights}: the pose network and its spatial transformer"
    assert taken["plain"] == f"from {weights}: the pose network without its spatial transformer"
    both = {name: found.run.network.state_dict() for name, found in begun.items()}
    for name, value in both["rmpe"].items():
        wanted = average[name.replace("parallel.", "sppe.")]
        torch.testing.assert_close(value, wanted, atol=1e-3, rtol=1e-3)
        if name.startswith("sppe."):
            assert equal(value, both["plain"][name.removeprefix("sppe.")])


def test_another_transformer_is_refused_by_name(trained, tmp_path):
    (tmp_path / "config.toml").write_text(PHASES.replace("width = 8, cells", "width = 9, cells"))
    with pytest.raises(CheckpointError, match="is of another network: .*SmallLocalization"):
        prepare(
            tmp_path / "config.toml", data=trained / "data", cache=trained / "cache",
            weights=trained / "run/average.toml",
        )  # fmt: skip


def test_a_card_whose_transformer_is_another_is_refused(trained, tmp_path):
    for file in (trained / "run").glob("average*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    card = (tmp_path / "average.toml").read_text()
    (tmp_path / "average.toml").write_text(card.replace("width = 8", "width = 9"))
    with pytest.raises(ModelError, match="does not fit SmallLocalization"):
        load_pose(tmp_path / "average.toml")
    for before, after, message in (
        ('limits = "scale"', 'limits = "all"', "transformer.limits must be one of scale, rot"),
        ("zoom = 2.0", "zoom = 0.5", "transformer.zoom must be a factor, 1 to 100, got 0.5"),
        ("shift = 0.3", "shift = -1", "transformer.shift must be a fraction of a side"),
        ("angle = 30.0", "angel = 30.0", "transformer.angle is missing"),
    ):
        assert before in card
        (tmp_path / "average.toml").write_text(card.replace(before, after))
        with pytest.raises(ModelError, match=message):
            load_pose(tmp_path / "average.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CONFIG + TRANSFORMER, "no phase has transformer = true"),
        (CONFIG + SECOND, "phase second needs the table .transformer., which is missing"),
        (PHASES.replace("small =", 'localization = "resnet"\nsmall ='), "transformer.localization"),
        (
            PHASES.replace("{width = 8, cells = 4}", "{width = 8}"),
            "transformer.parameters of small",
        ),
        (
            PHASES.replace("{width = 8, cells = 4}", "{width = 1000000000, cells = 4}"),
            "transformer.parameters.width must be 1 to 64, got 1000000000",
        ),
        (
            re.sub(r"small = .*", "small = [4, 4]", PHASES),
            "transformer.small must fit the network, got 4 of 4x4: Calculated padded",
        ),
    ],
)
def test_configurations_that_contradict_themselves(drawn, tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        PoseTask(
            parse_config(text), data=drawn, cache=tmp_path / "cache", folder=tmp_path
        ).network()


def test_a_strict_transformer_ends_training_where_others_go_on(drawn, tmp_path):
    said = []
    for strict in ("false", "true"):
        table = f'[transformer]\nlimits = "affine"\nstrict = {strict}'
        config = parse_config(PHASES.replace("[transformer]", table))
        task = PoseTask(config, data=drawn, cache=tmp_path / "cache", folder=tmp_path)
        run = Run(config, "text", task.network(), step=4)
        with torch.no_grad():  # a window without width
            run.network.transformer.localization.regress[-1].bias[0] = -1
        out = tmp_path / strict
        goes_on = partial(train, run, task, Schedule(config.phase, 4), out, report=said.append)
        if strict == "false":
            goes_on(last_step=5)
            (line,) = [x for x in (out / "log.jsonl").read_text().splitlines() if "limited" in x]
            assert json.loads(line)["limited"] == 4
        else:
            with pytest.raises(
                TrainingError, match="step 4 .* no checkpoint yet: transformer.strict: theta"
            ):
                goes_on()
            assert not (out / "checkpoint.pt").exists()


def test_localization_networks_have_their_usual_numbers(drawn, tmp_path):
    for name in ("small_localization", "resnet18_localization"):
        numbers = "parameters = {width = 8, cells = 4}"
        assert numbers in PHASES
        config = parse_config(PHASES.replace(numbers, f'localization = "{name}"'))
        task = PoseTask(config, data=drawn, cache=tmp_path / "cache", folder=tmp_path)
        card = task.export(tmp_path, "model", task.network().eval(), (64, 64))
        assert load_pose(card).transformer is not None
        assert ("width = 16" in card.read_text()) == (name == "small_localization")


def test_windows_are_drawn_where_they_look():
    crops = torch.zeros(1, 3, 40, 30)
    paint_windows(crops, torch.tensor([[[0.5, 0.0, 0.0], [0.0, 0.5, 0.2]]]))
    rows, columns = crops[0, 0].nonzero(as_tuple=True)
    assert (columns.min(), columns.max()) == (7, 22) and (rows.min(), rows.max()) == (14, 34)
    assert (crops[0, 1:] == 0).all() and crops[0, 0, 24, 15] == 0


def test_with_the_identity_rmpe_is_the_plain_network(task):
    network = task.network().eval()
    assert isinstance(network, RMPE)
    task.enter(network, task.config.phase[1], begins=True)
    crops = torch.rand(2, 3, 64, 64)
    assert network(crops).heatmaps.equal(network.sppe(crops))


def test_the_wanted_window_leads_from_the_drawn_box_to_the_true_one(task):
    task._proposals = RELEASED
    batch = task.batches(Schedule(task.config.phase, 4), 0, 1)(4)
    crops, size = batch.crops, (64, 64)
    # A joint at s of the drawn crop is at t of the true one, s = theta t.
    found = _peaks(batch.centered)
    normalized = (found + 0.5) / 16 * 2 - 1
    ones = torch.ones(*normalized.shape[:2], 1)
    places = torch.cat([normalized, ones], 2) @ batch.window.transpose(1, 2)
    pixels = ((places + 1) / 2 * 64) - 0.5
    inside = batch.labeled & ((found > 0) & (found < 15)).all(2)
    error = (pixels - batch.keypoints).norm(dim=2)[inside]
    assert crops.shape[2:] == size and len(error) > 8
    assert error.max() < 2 * 4 and batch.window.sub(torch.eye(2, 3)).abs().max() > 0.02


def test_the_loss_of_the_window_reaches_the_transformer_alone(drawn, tmp_path):
    text = PHASES.replace("[transformer]", "[transformer]\nparallel = false\nwindow_weight = 2")
    task = PoseTask(parse_config(text), data=drawn, cache=tmp_path / "cache", folder=tmp_path)
    task._proposals = RELEASED
    schedule = Schedule(task.config.phase, 4)
    network = moved(task.network())
    task.enter(network, task.config.phase[1], begins=True)
    batch = task.batches(schedule, 0, 1)(4)
    losses = []
    for weight in (0, 2):
        spec = replace(task.config.transformer, window_weight=weight)
        task.config = replace(task.config, transformer=spec)
        network.eval()
        losses.append(task.loss(network, batch)[0])
    theta = network.transformer.localize(batch.crops)
    difference = losses[1] - losses[0]
    torch.testing.assert_close(difference, 2 * window_loss(theta, batch.window))
    network.zero_grad()
    difference.backward()
    assert network.transformer.localization.regress[-1].weight.grad.abs().sum() > 0
    assert all(p.grad is None or p.grad.abs().max() < 1e-6 for p in network.sppe.parameters())


def _peaks(maps):
    """x and y (N, K, 2) of the largest value of maps (N, K, h, w)."""
    flat = maps.flatten(2).argmax(2)
    return torch.stack([flat % maps.shape[3], flat // maps.shape[3]], 2).float()
