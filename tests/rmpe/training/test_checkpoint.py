"""Checkpoints that are whole, or the ones of before."""

import io
import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given

from rmpe.output_file import write_atomically
from rmpe.training.checkpoint import (
    CheckpointError,
    read_checkpoint,
    write_checkpoint,
)

from ...fuzz import fuzz
from ..mutation import damaged
from .material import equal

STATE = {
    "config": "text", "step": 1, "skipped": 0, "updates": 1, "best": 0.5, "values": [{"loss": 0.5}],
    "random": torch.get_rng_state(), "network": {}, "average": {},
    "optimizer": {"state": {}, "param_groups": []},
}  # fmt: skip


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "checkpoint.pt"
    state = {**STATE, "network": {"a": torch.randn(3, 2)}}
    write_checkpoint(path, state)
    found = read_checkpoint(path)
    del found["format"]
    assert equal(found, state)


def test_a_failed_write_leaves_the_last_one_and_nothing_else(tmp_path):
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, STATE)

    def fail(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, fail)
    assert read_checkpoint(path)["step"] == 1 and [p.name for p in tmp_path.iterdir()] == [
        path.name
    ]


def test_a_full_disk_leaves_the_last_one(tmp_path):
    # The limit on a file's size fails in the middle of torch's writing, as a full disk does.
    program = """if True:
        import resource, sys, torch
        from pathlib import Path
        from rmpe.training.checkpoint import write_checkpoint
        from tests.rmpe.training.test_checkpoint import STATE
        path = Path(sys.argv[1])
        write_checkpoint(path, STATE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_checkpoint(path, {**STATE, "step": 2, "network": {"a": torch.zeros(1_000_000)}})
        except OSError as error:
            print("refused:", error)
    """
    path = tmp_path / "checkpoint.pt"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"refused: [Errno 27] File too large: '{path}'\n"
    assert read_checkpoint(path)["step"] == 1 and [p.name for p in tmp_path.iterdir()] == [
        path.name
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no checkpoint"), (b"garbage", "cannot read the checkpoint")],
)
def test_what_is_no_checkpoint(tmp_path, content, message):
    path = tmp_path / "checkpoint.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(path)


def test_weights_alone_are_no_checkpoint(tmp_path):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "weights.pt")
    with pytest.raises(CheckpointError, match="not a checkpoint of rmpe train"):
        read_checkpoint(tmp_path / "weights.pt")


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("config", 3, "text"),
        ("step", -1, "a whole number from 0"),
        ("step", 10**30, "a whole number from 0"),
        ("skipped", "x", "a whole number from 0"),
        ("updates", None, "a whole number from 0"),
        ("best", [1.0], "a number"),
        ("values", [{"x": 1.0}], "a list of losses"),
        ("values", [{"loss": "x"}], "a list of losses"),
        ("random", torch.zeros(3, dtype=torch.uint8), "a state of torch's random numbers"),
        ("overfit", "all", "a whole number from 0, or nothing"),
        ("precision", "float64", "bfloat16 or float32"),
        ("network", {1: torch.zeros(1)}, "names and their tensors"),
        ("average", {"a": 2}, "names and their tensors"),
        ("optimizer", {"state": []}, "a state of an optimizer"),
    ],
)
def test_a_field_of_another_type_is_named(tmp_path, field, value, rule):
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, {**STATE, field: value})
    with pytest.raises(CheckpointError, match=f"checkpoint.pt is damaged: {field} must be {rule}$"):
        read_checkpoint(path)


def test_a_field_that_is_missing_is_named(tmp_path):
    for field in STATE:
        path = tmp_path / "checkpoint.pt"
        write_checkpoint(path, {name: value for name, value in STATE.items() if name != field})
        with pytest.raises(CheckpointError, match=f"is damaged: {field} must be"):
            read_checkpoint(path)


def whole():
    stream = io.BytesIO()
    torch.save({"format": "rmpe training checkpoint 1", **STATE}, stream)
    return stream.getvalue()


@fuzz(200)
@given(damaged(whole()))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_give_a_checkpoint_or_its_error(tmp_path, content):
    (tmp_path / "checkpoint.pt").write_bytes(content)
    try:
        read_checkpoint(tmp_path / "checkpoint.pt")
    except CheckpointError:
        pass


def test_a_link_under_the_name_of_the_partial_file_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".checkpoint.pt.partial").symlink_to(tmp_path / "precious")
    write_checkpoint(tmp_path / "checkpoint.pt", STATE)
    assert (tmp_path / "precious").read_text() == "precious"
    assert equal(read_checkpoint(tmp_path / "checkpoint.pt")["network"], {})


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "checkpoint.pt")
    with pytest.raises(CheckpointError, match="cannot read the checkpoint .*it is not a file"):
        read_checkpoint(tmp_path / "checkpoint.pt")
