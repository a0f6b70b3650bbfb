"""Checkpoints that are whole, or the ones of before."""

import subprocess
import sys

import pytest
import torch

from rmpe.training.checkpoint import (
    CheckpointError,
    read_checkpoint,
    write_atomically,
    write_checkpoint,
)

from .material import equal


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "checkpoint.pt"
    state = {"step": 3, "weights": {"a": torch.randn(3, 2)}, "losses": [0.5, float("nan")]}
    write_checkpoint(path, state)
    found = read_checkpoint(path)
    del found["format"]
    assert equal({**found, "losses": []}, {**state, "losses": []}) and found["losses"][0] == 0.5


def test_a_failed_write_leaves_the_last_one_and_nothing_else(tmp_path):
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, {"step": 1})

    def fail(partial):
        partial.write_bytes(b"half")
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
        path = Path(sys.argv[1])
        write_checkpoint(path, {"step": 1})
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_checkpoint(path, {"step": 2, "weights": torch.zeros(1_000_000)})
        except OSError as error:
            print("refused:", error)
    """
    path = tmp_path / "checkpoint.pt"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("refused:")
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
