"""``rmpe train``: what it prints, and what it refuses."""

import pytest
import torch

from rmpe import PoseEstimator
from rmpe.cli import main
from rmpe.training.checkpoint import read_checkpoint

from ..training.material import CONFIG, draw_people


@pytest.fixture
def arguments(tmp_path):
    draw_people(tmp_path / "data", 5)
    (tmp_path / "config.toml").write_text(CONFIG)
    return [
        "train", str(tmp_path / "config.toml"), "--data", str(tmp_path / "data"),
        "--cache", str(tmp_path / "cache"),
    ]  # fmt: skip


def test_a_dry_run_says_what_would_happen_and_writes_no_run(arguments, tmp_path, capsys):
    assert main([*arguments, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "people.json: 5 people in 5 photographs, 100% of the samples" in printed
    assert "phase only: 40 samples in 10 steps, 64x64, rate 0.001, constant" in printed
    assert "samples a second and thread" in printed and "in all 0.0 hours" in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "config.toml", "data"]


def test_a_run_leaves_models_that_the_pipeline_takes(arguments, tmp_path):
    out = tmp_path / "run"
    assert main([*arguments, "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} >= {
        "average.toml", "best.toml", "checkpoint.pt", "log.jsonl",
    }  # fmt: skip
    assert [len(list(out.glob(f"{name}-*.safetensors"))) for name in ("average", "best")] == [1, 1]
    estimator = PoseEstimator(None, str(out / "average.toml"), nms=None, flip=True)
    people = estimator(tmp_path / "data/images/0.png", boxes=[[10, 10, 80, 90]])
    assert people.keypoints.shape == (1, 17, 2) and people.keypoints.isfinite().all()


def test_another_run_begins_with_its_weights_at_a_phase_of_its_own(arguments, tmp_path):
    phases = CONFIG + '[[phase]]\nname = "decay"\nsamples = 8\nsize = [64, 64]\nrate = 1e-4\n'
    (tmp_path / "config.toml").write_text(phases)
    first, second = tmp_path / "first", tmp_path / "second"
    assert main([*arguments, "--out", str(first), "--samples", "12"]) == 0
    checkpoint = first / "checkpoint.pt"
    start = ["--out", str(second), "--from", str(checkpoint), "--phase", "decay"]
    assert main([*arguments, *start]) == 0
    before, after = read_checkpoint(checkpoint), read_checkpoint(second / "checkpoint.pt")
    assert (before["step"], after["step"]) == (3, 12) and after["updates"] == 5
    weights = (state["network"]["stem.0.0.weight"] for state in (before, after))
    torch.testing.assert_close(*weights, atol=5e-3, rtol=0)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ([], "--out is needed"),
        (["--out", "{}/run", "--resume", "--from", "x"], "--resume and --from exclude each other"),
        (["--out", "{}/run", "--resume"], "there is no checkpoint at"),
        (["--out", "{}/run", "--phase", "decay"], "phase must be one of only, got 'decay'"),
        (["--out", "{}/run", "--workers", "0"], "--workers must be at least 1, got 0"),
        (["--out", "{}/run", "--workers", "257"], "--workers must be at most 256, got 257"),
        (["--dry-run", "--data", "/nowhere"], "/nowhere/people.json cannot be read"),
    ],
)
def test_what_cannot_begin_says_why(arguments, tmp_path, capsys, extra, message):
    assert main([*arguments, *(word.format(tmp_path) for word in extra)]) == 2
    assert message in capsys.readouterr().err


def test_a_run_is_not_overwritten_nor_continued_by_another_configuration(
    arguments, tmp_path, capsys
):
    run = [*arguments, "--out", str(tmp_path / "run")]
    assert main([*run, "--samples", "8"]) == 0
    assert main(run) == 2
    assert "holds a run already; go on with --resume" in capsys.readouterr().err
    (tmp_path / "config.toml").write_text(CONFIG.replace("rate = 1e-3", "rate = 2e-3"))
    assert main([*run, "--resume"]) == 2
    assert "written with another configuration" in capsys.readouterr().err


def test_eight_people_are_learned_by_heart(data_dir, tmp_path, capsys):
    config = CONFIG.replace('"people.json"', '"coco-people/train.json"')
    config = config.replace('"images"', '"coco-people/images"').replace("float32", "auto")
    config = config.replace("size = [64, 64]", "size = [128, 96]").replace(
        "batch_size = 4", "batch_size = 16"
    )
    config = config.replace("samples = 40", "samples = 4800").replace(
        "validate_every = 16", "validate_every = 4800"
    )
    config = config.replace("warmup = 8", "warmup = 400").replace("rate = 1e-3", "rate = 3e-3")
    for name, width in (("stem", 16), ("_4", 32), ("_8", 48), ("_16", 64), ("_32", 64)):
        config = config.replace(f"{name} = 8", f"{name} = {width}")
    (tmp_path / "config.toml").write_text(config.replace("log_every = 1\n", ""))
    status = main([
        "train", str(tmp_path / "config.toml"), "--data", str(data_dir), "--overfit", "8",
        "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "run"),
    ])  # fmt: skip
    assert status == 0
    measured = (tmp_path / "run/log.jsonl").read_text().splitlines()[-1]
    assert float(measured.rpartition(":")[2].rstrip("} ")) > 0.95
