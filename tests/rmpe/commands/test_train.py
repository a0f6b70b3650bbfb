"""``rmpe train``: what it prints, and what it refuses."""

import json
from pathlib import Path

import pytest
import torch

from rmpe import PoseEstimator
from rmpe.cli import main
from rmpe.models import read
from rmpe.training.checkpoint import read_checkpoint, write_checkpoint

from ..training.material import CONFIG, draw_people

CARDS = Path(read.__file__).parent / "cards"


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


def test_a_validation_set_without_people_is_refused_at_the_start(arguments, tmp_path, capsys):
    empty = json.loads((tmp_path / "data/people.json").read_text()) | {"annotations": []}
    (tmp_path / "data/empty.json").write_text(json.dumps(empty))
    source, _, rest = CONFIG.partition("[validation]")
    validation = rest.replace('"people.json"', '"empty.json"', 1)
    (tmp_path / "config.toml").write_text(f"{source}[validation]{validation}")
    for extra in (["--dry-run"], ["--out", str(tmp_path / "run")]):
        assert main([*arguments, *extra]) == 2
        assert "empty.json: at least one person in the 5 images" in capsys.readouterr().err


def test_damaged_photographs_of_the_validation_are_counted_and_left_out(
    arguments, tmp_path, capsys
):
    images = tmp_path / "data/images"
    (images / "3.png").write_bytes((images / "3.png").read_bytes()[:500])
    (images / "4.png").unlink()
    assert main([*arguments, "--out", str(tmp_path / "run"), "--samples", "4"]) == 0
    line = (
        "people.json: 3 people in 3 photographs, for validation; "
        "skipped: 1 image missing, 1 image unreadable"
    )
    assert line in capsys.readouterr().out
    log = [json.loads(text) for text in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert line in log[0]["data"] and "ap" in log[-1]


def test_a_dry_run_shows_what_that_very_command_would_do(arguments, tmp_path, capsys):
    phases = CONFIG + '[[phase]]\nname = "decay"\nsamples = 8\nsize = [64, 64]\nrate = 1e-4\n'
    (tmp_path / "config.toml").write_text(phases)
    first, second = tmp_path / "first", tmp_path / "second"
    assert main([*arguments, "--out", str(first), "--samples", "12"]) == 0
    before = {path.name: path.read_bytes() for path in first.iterdir() if path.is_file()}
    checkpoint = str(first / "checkpoint.pt")

    def shown(*extra):
        capsys.readouterr()
        assert main([*arguments, "--dry-run", *extra]) == 0
        return capsys.readouterr().out

    printed = shown("--out", str(first), "--resume")
    assert f"begins from the checkpoint in {first} after 12 samples, ends after 48 of 48" in printed
    assert "phase only: 28 of 40 samples in 7 steps" in printed
    assert "phase decay: 8 samples in 2 steps" in printed
    printed = shown(
        "--out", str(second), "--from", checkpoint, "--phase", "decay", "--samples", "44"
    )
    assert f"begins with weights and optimizer of {checkpoint} after 40 samples" in printed
    assert "ends after 44 of 48" in printed and "phase only: none of its 40 samples" in printed
    assert "phase decay: 4 of 8 samples in 1 steps" in printed
    card = str(first / "average.toml")
    assert f"begins with the weights of {card} after 0 samples" in shown("--weights", card)

    for extra, message in (
        (["--out", str(first)], "holds a run already; go on with --resume"),
        (["--resume"], "--out is needed"),
        (["--weights", "small_ssd_person.toml"], "small_ssd_person.toml"),
        (["--weights", str(CARDS / "small_hourglass_coco17.toml")], "is of another network"),
        (["--weights", str(CARDS / "simplepose_coco17.toml")], "is the card of an ONNX file"),
        (["--from", card], f"--from needs a checkpoint; --weights takes {card}"),
    ):
        assert main([*arguments, "--dry-run", *extra]) == 2
        assert message in capsys.readouterr().err
    assert not second.exists()
    assert before == {path.name: path.read_bytes() for path in first.iterdir() if path.is_file()}


def test_a_run_goes_on_with_the_samples_that_it_learns_by_heart(arguments, tmp_path, capsys):
    run = [*arguments, "--out", str(tmp_path / "run")]
    assert main([*run, "--overfit", "2", "--samples", "4"]) == 0
    for extra in ([], ["--overfit", "3"]):
        assert main([*run, "--resume", *extra]) == 2
        assert "the checkpoint was written with --overfit 2" in capsys.readouterr().err
    assert main([*run, "--resume", "--overfit", "2", "--samples", "8"]) == 0
    assert read_checkpoint(tmp_path / "run/checkpoint.pt")["step"] == 2


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
        (["--out", "{}/run", "--resume", "--phase", "only"], "--resume and --phase exclude each"),
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


def test_a_run_does_not_go_on_with_other_people(arguments, tmp_path, capsys):
    run = [*arguments, "--out", str(tmp_path / "run"), "--samples"]
    assert main([*run, "4"]) == 0
    checkpoint = tmp_path / "run/checkpoint.pt"
    state = read_checkpoint(checkpoint)
    (tmp_path / "data/images/4.png").unlink()
    assert main([*run, "8", "--resume"]) == 2
    message = capsys.readouterr().err
    assert "another source 1, people.json: it had 5 people, and has 4 people now" in message
    # Early checkpoints do not say.
    del state["sources"], state["format"]
    write_checkpoint(checkpoint, state)
    assert main([*run, "8", "--resume", "--dry-run"]) == 0


def test_a_run_does_not_go_on_with_other_labels(arguments, tmp_path, capsys):
    run = [*arguments, "--out", str(tmp_path / "run"), "--samples"]
    assert main([*run, "4"]) == 0
    file, checkpoint = tmp_path / "data/people.json", tmp_path / "run/checkpoint.pt"
    content = json.loads(file.read_bytes())
    # A joint is moved: there are as many people as before.
    content["annotations"][0]["keypoints"][0] += 1
    file.write_text(json.dumps(content))
    assert main([*run, "8", "--resume"]) == 2
    message = capsys.readouterr().err
    assert "another annotation file of source 1, people.json: it had SHA-256 " in message
    # Early checkpoints do not say.
    state = read_checkpoint(checkpoint)
    del state["format"], state["sources"]["annotation file of source 1, people.json"]
    write_checkpoint(checkpoint, state)
    assert main([*run, "8", "--resume"]) == 0
    assert "annotation file of source 1, people.json" in read_checkpoint(checkpoint)["sources"]


def test_a_run_that_is_complete_says_so_and_stays_as_it_is(arguments, tmp_path, capsys):
    run = [*arguments, "--out", str(tmp_path / "run"), "--samples", "8"]
    assert main(run) == 0
    before = (tmp_path / "run/checkpoint.pt").read_bytes()
    capsys.readouterr()
    for extra in ([], ["--dry-run"]):
        assert main([*run, "--resume", *extra]) == 0
        said = capsys.readouterr().out
        assert "the run is complete, with 8 samples; nothing is left to train" in said
    assert (tmp_path / "run/checkpoint.pt").read_bytes() == before


def test_samples_that_end_before_the_phase_begins_are_refused(arguments, tmp_path, capsys):
    phases = CONFIG + '[[phase]]\nname = "decay"\nsamples = 8\nsize = [64, 64]\nrate = 1e-4\n'
    (tmp_path / "config.toml").write_text(phases)
    run = [*arguments, "--out", str(tmp_path / "run"), "--phase", "decay", "--samples", "40"]
    assert main(run) == 2
    message = "--samples must be more than the 40 after which phase decay begins, got 40"
    assert message in capsys.readouterr().err


def test_fewer_people_than_are_to_be_learned_by_heart_are_counted(arguments, capsys):
    assert main([*arguments, "--dry-run", "--overfit", "8"]) == 0
    said = capsys.readouterr().out
    assert "--overfit 8: the first source has only 5 people to learn by heart" in said


def test_eight_people_are_learned_by_heart(data_dir, tmp_path, capsys):
    config = CONFIG.replace('"people.json"', '"coco-people/train.json"')
    config = config.replace('"images"', '"coco-people/images"').replace("float32", "auto")
    config = config.replace("size = [64, 64]", "size = [128, 96]").replace(
        "batch_size = 4", "batch_size = 16"
    )
    config = config.replace("samples = 40", "samples = 200_000").replace(
        "validate_every = 16", "validate_every = 20_000"
    )
    config = config.replace("warmup = 8", "warmup = 20_000").replace("rate = 1e-3", "rate = 3e-3")
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
