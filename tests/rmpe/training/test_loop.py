"""Whole runs: interrupted, spread over processes, on a full disk, without a finite loss."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from rmpe.datasets.dataset import DatasetError
from rmpe.inputs.images import ImageError
from rmpe.training import loop
from rmpe.training.checkpoint import read_checkpoint
from rmpe.training.loop import TrainingError, train
from rmpe.training.reports import Reports
from rmpe.training.run import Run
from rmpe.training.schedule import Schedule

from .material import CONFIG, equal

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def command(drawn, tmp_path):
    """``rmpe train`` of the small configuration, and the environment that it needs."""
    (tmp_path / "config.toml").write_text(CONFIG)

    def start(out, *extra, **options):
        arguments = [
            sys.executable, "-m", "rmpe", "train", str(tmp_path / "config.toml"),
            "--data", str(drawn), "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / out),
            *extra,
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'python'}"}
        environment["OMP_NUM_THREADS"] = "1"
        return subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            **options,
        )  # fmt: skip

    return start


def log(folder):
    """The numbers of a run's log that do not depend on the clock."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("samples_per_second", None)
        line.pop("waiting_share", None)
    return lines


def model(folder):
    """The files of a run's model; their names have the hash of what is in them."""
    return {path.name: path.read_bytes() for path in folder.glob("average*")}


def wait_for(process, folder, lines):
    """Wait until a running process has written so much of its log."""
    path = folder / "log.jsonl"
    while process.poll() is None:
        if path.exists() and path.read_text().count("\n") >= lines:
            return
        time.sleep(0.01)
    raise AssertionError(process.communicate()[1])


def test_killed_and_resumed_it_is_the_run_that_was_never_interrupted(command, tmp_path):
    process = command("whole")
    assert process.wait() == 0, process.communicate()[1]

    process = command("broken")
    wait_for(process, tmp_path / "broken", 5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # Killed once more, later on.
    process = command("broken", "--resume")
    wait_for(process, tmp_path / "broken", 10)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    process = command("broken", "--resume")
    assert process.wait() == 0, process.communicate()[1]

    assert log(tmp_path / "broken") == log(tmp_path / "whole")
    assert len(log(tmp_path / "whole")) == 1 + 10 + 3  # precision, losses, validations at 4, 8, 10
    whole, broken = (read_checkpoint(tmp_path / f / "checkpoint.pt") for f in ("whole", "broken"))
    assert equal(whole, broken)
    assert model(tmp_path / "whole") == model(tmp_path / "broken")


def test_a_signal_ends_it_after_a_checkpoint(command, tmp_path):
    process = command("run")
    wait_for(process, tmp_path / "run", 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143, process.communicate()[1]
    state, lines = read_checkpoint(tmp_path / "run/checkpoint.pt"), log(tmp_path / "run")
    assert 2 <= state["step"] == lines[-1]["step"] < 10


def test_losses_that_are_never_finite_end_the_run(task, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_MOST_SKIPPED", 3)
    run = Run(task.config, "text", task.network())
    with torch.no_grad():
        run.network.score[0].bias[0] = math.nan
    with pytest.raises(TrainingError, match="not finite in the last 3 steps, up to step 3"):
        train(run, task, Schedule(task.config.phase, 4), tmp_path)


def test_skipped_steps_leave_the_last_good_checkpoint(task, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_MOST_SKIPPED", 4)
    run = Run(task.config, "text", task.network())
    schedule = Schedule(task.config.phase, 4)
    train(run, task, schedule, tmp_path, last_step=3)
    good = (tmp_path / "checkpoint.pt").read_bytes()
    with torch.no_grad():
        run.network.score[0].bias[0] = math.nan
    # Up to step 7, with a checkpoint every three steps.
    with pytest.raises(TrainingError, match="start again --from the last checkpoint"):
        train(run, task, schedule, tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == good


def test_a_full_disk_in_between_is_reported_and_the_run_goes_on(
    task, tmp_path, monkeypatch, capsys
):
    written, exported, scores = [], [], iter([0.1, 0.3, 0.2])

    def write(path, state):
        written.append(state["step"])
        if state["step"] == 6:
            raise OSError(28, "No space left on device")
        path.write_bytes(b"whole")

    def export(folder, name, network, size):
        exported.append(name)

    monkeypatch.setattr(loop, "write_checkpoint", write)
    monkeypatch.setattr(task, "export", export)
    monkeypatch.setattr(task, "validate", lambda card: {"ap": next(scores)})
    run = Run(task.config, "text", task.network())
    train(run, task, Schedule(task.config.phase, 4), tmp_path)
    assert written == [3, 6, 9, 10]
    assert "no checkpoint at step 6, the last one stays" in capsys.readouterr().out
    # The best one is kept apart.
    assert exported == ["average", "best", "average", "best", "average"]


def test_a_full_disk_at_the_end_names_the_file_and_the_remedy(task, tmp_path, monkeypatch):
    def start(step):
        def fail(path, state):
            raise OSError(28, "No space left on device", str(path))

        run, schedule = Run(task.config, "text", task.network()), Schedule(task.config.phase, 4)
        checkpoint = tmp_path / "checkpoint.pt"
        if checkpoint.exists():
            run.resume(read_checkpoint(checkpoint))
        with monkeypatch.context() as patch:
            patch.setattr(loop, "write_checkpoint", fail)
            with pytest.raises(TrainingError) as caught:
                train(run, task, schedule, tmp_path, last_step=step, report=[].append)
        return run, schedule, str(caught.value).removeprefix(f"cannot write {checkpoint}, ")

    run, schedule, message = start(1)
    assert message == "and there is none yet: No space left on device; make room, and begin again"
    train(run, task, schedule, tmp_path, last_step=2, report=[].append)
    _, _, message = start(4)
    assert message == (
        "the last one stays: No space left on device; make room, and go on with --resume"
    )
    # The one that is left is whole, and the run goes on from it.
    run = Run(task.config, "text", task.network())
    run.resume(read_checkpoint(tmp_path / "checkpoint.pt"))
    assert run.step == 2
    train(run, task, schedule, tmp_path, last_step=4, report=[].append)
    assert read_checkpoint(tmp_path / "checkpoint.pt")["step"] == 4


def test_a_run_that_leaves_no_model_fails(task, tmp_path):
    run, said = Run(task.config, "text", task.network()), []
    with torch.no_grad():
        run.average.network.score[0].bias[0] = 1e30
    with pytest.raises(TrainingError, match="no model could be written: the weight score.0.bias"):
        train(run, task, Schedule(task.config.phase, 4), tmp_path, last_step=1, report=said.append)
    assert said[0].startswith("no model of step 1, and there is none yet: the weight score.0.bias")
    assert read_checkpoint(tmp_path / "checkpoint.pt")["step"] == 1


def test_a_log_that_cannot_be_written_is_reported_and_the_run_goes_on(task, tmp_path):
    (tmp_path / "log.jsonl").mkdir()
    said = []
    run = Run(task.config, "text", task.network())
    train(run, task, Schedule(task.config.phase, 4), tmp_path, report=said.append)
    assert run.step == 10 and read_checkpoint(tmp_path / "checkpoint.pt")["step"] == 10
    assert "step 1 is not in log.jsonl: [Errno 21] Is a directory" in said[0]


def test_a_damaged_log_keeps_its_good_lines(task, tmp_path):
    good = [json.dumps({"step": step, "loss": 1.0}) for step in (1, 2, 3)]
    bad = ["[1]", "{}", '{"step": "x"}', "[" * 100_000, "\x00", '{"step": ' + "9" * 5000 + "}"]
    lines = [good[0], *bad, good[1], good[2], '{"step": 1, "lo']
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    said = []
    Reports(tmp_path, task.config, 2, 10, report=said.append)
    assert (tmp_path / "log.jsonl").read_text().splitlines() == good[:2]
    assert said == ["log.jsonl: 6 lines are damaged, and left out"]


def test_links_and_pipes_in_the_folder_are_left_alone(task, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run/tensorboard").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "run/log.jsonl")
    said = []
    run = Run(task.config, "text", task.network())
    train(run, task, Schedule(task.config.phase, 4), tmp_path / "run", report=said.append)
    assert run.step == 10 and not list((tmp_path / "elsewhere").iterdir())
    assert "tensorboard must be a folder, it is a link" in said[0]
    assert "step 1 is not in log.jsonl: " in said[1]


@pytest.mark.parametrize("kind", [DatasetError, ImageError])
def test_a_model_that_cannot_be_measured_does_not_end_the_run(task, tmp_path, monkeypatch, kind):
    def validate(card):
        raise kind("0.png cannot be read: No such file or directory")

    monkeypatch.setattr(task, "validate", validate)
    said = []
    run = Run(task.config, "text", task.network())
    train(run, task, Schedule(task.config.phase, 4), tmp_path, report=said.append)
    assert run.step == 10 and said[0] == (
        "the model of step 4 was not measured: 0.png cannot be read: No such file or directory"
    )


def test_weights_too_large_for_a_model_cost_the_model_and_not_the_run(task, tmp_path, monkeypatch):
    said, schedule = [], Schedule(task.config.phase, 4)
    run = Run(task.config, "text", task.network())
    monkeypatch.setattr(task, "validate", lambda card: {"oks": 0.5})
    train(run, task, schedule, tmp_path, last_step=4)
    good = model(tmp_path)
    assert good
    with torch.no_grad():
        run.average.network.score[0].bias[0] = 1e30
    train(run, task, schedule, tmp_path, report=said.append)
    assert run.step == 10 and model(tmp_path) == good
    assert read_checkpoint(tmp_path / "checkpoint.pt")["step"] == 10
    problems = [line for line in log(tmp_path) if "problem" in line]
    assert [line["step"] for line in problems] == [8, 10]
    assert len(said) == 2 and said[0] == problems[0]["problem"]
    assert said[0].startswith(
        "no model of step 8, the last one stays: the weight score.0.bias must be finite in float16"
    )
    assert said[1] == "in all 2 models were not made; log.jsonl says why"


def test_the_log_is_json_also_where_nothing_is_finite(task, tmp_path):
    run = Run(task.config, "text", task.network())
    with torch.no_grad():
        run.network.score[0].bias[0] = math.nan
    with pytest.raises(TrainingError, match="nothing was learned"):
        train(run, task, Schedule(task.config.phase, 4), tmp_path, last_step=2, report=[].append)
    text = (tmp_path / "log.jsonl").read_text()
    lines = [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]
    assert [line["loss"] for line in lines if "loss" in line] == [None, None]


def test_a_run_that_never_learned_fails(task, tmp_path):
    run = Run(task.config, "text", task.network())
    with torch.no_grad():
        run.network.score[0].bias[0] = math.nan
    with pytest.raises(TrainingError, match="not finite in any of 10 steps"):
        train(run, task, Schedule(task.config.phase, 4), tmp_path, report=[].append)


def test_two_runs_into_one_folder_are_refused(command, tmp_path):
    first = command("run")
    wait_for(first, tmp_path / "run", 1)
    first.send_signal(signal.SIGSTOP)  # or it may end before the second has begun
    second = command("run", "--resume")
    assert second.wait() == 2
    first.send_signal(signal.SIGCONT)
    assert "another run is writing into" in second.communicate()[1]
    assert first.wait() == 0, first.communicate()[1]
    assert not (tmp_path / "run/run.lock").exists()


def test_a_reader_who_is_gone_costs_only_the_messages(command, tmp_path):
    process = command("run")
    process.stdout.close()
    process.stderr.close()
    assert process.wait() == 0
    assert read_checkpoint(tmp_path / "run/checkpoint.pt")["step"] == 10
