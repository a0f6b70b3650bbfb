"""Models whose export dies, or whose disk fails, at every single call that changes a file."""

import builtins
import errno
import hashlib
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from rmpe import output_file
from rmpe.toml_file import parse_toml
from rmpe.training.export import write_model

NETWORKS = ("network", "transformer")


class Killed(BaseException):
    """The process is no more."""


class Disk:
    """The calls of an export that change files, of which one goes wrong.

    ``kill``: the process ends instead of the call; ``late``: it ends after the call, or after half
    of a write; ``full``: from then on nothing can be written, half of a write apart.
    """

    def __init__(self, monkeypatch, at=None, fault="kill"):
        self.calls, self.at, self.fault, self.dead = [], at, fault, False
        for name in ("open", "fsync", "replace"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))
        monkeypatch.setattr(Path, "unlink", self._wrapped("unlink", Path.unlink))
        monkeypatch.setattr(output_file, "open", self._open_file, raising=False)

    def _open_file(self, *arguments):
        file = builtins.open(*arguments)
        return Written(file, self._wrapped("write", file.write))

    def _wrapped(self, name, real):
        def call(*arguments, **options):
            if self.dead:
                raise Killed
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **options)
            self.calls.append(name)
            number = len(self.calls)
            if number == self.at or (self.fault == "full" and self.at and number > self.at):
                self._go_wrong(name, real, arguments, options)
            return real(*arguments, **options)

        return call

    def _go_wrong(self, name, real, arguments, options):
        if self.fault != "kill" and name == "write":
            real(arguments[0][: len(arguments[0]) // 2])
        if self.fault == "full":
            if name != "unlink":  # That needs no space.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return
        if self.fault == "late" and name != "write":
            real(*arguments, **options)
        self.dead = True
        raise Killed


class Written:
    """A file whose writes are told."""

    def __init__(self, file, write):
        self._file, self.write = file, write

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()


def export(folder, value):
    networks = {part: nn.Linear(2, 2) for part in NETWORKS}
    for network in networks.values():
        nn.init.constant_(network.weight, value)
        nn.init.constant_(network.bias, value)

    def text(files):
        return "".join(
            f'[{part}]\nfile = "{files[part].name}"\nsha256 = "{files[part].sha256}"\n'
            for part in NETWORKS
        )

    return write_model(folder, "average", networks, text)


def check(card):
    """Make sure that a card goes with its weights; their names."""
    names = set()
    for part in parse_toml(card.read_text(), "card").values():
        content = (card.parent / part["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == part["sha256"]
        names.add(part["file"])
    assert len(names) == len(NETWORKS)
    return names


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("fault", ["kill", "late", "full"])
@pytest.mark.parametrize("before", [False, True], ids=["first", "second"])
def test_the_card_that_is_there_goes_with_the_weights_that_are_there(
    tmp_path, monkeypatch, before, fault
):
    for number in range(1, 100):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "average-mine.safetensors").touch()  # Of somebody else.
        card = folder / "average.toml"
        if before:
            export(folder, 0.0)
        with monkeypatch.context() as patch:
            disk = Disk(patch, number, fault)
            try:
                export(folder, 1.0)
            except (Killed, OSError) as error:
                assert disk.dead == isinstance(error, Killed)
        if len(disk.calls) < number:
            break  # It came to its end before the fault.
        if before or card.exists():
            now = check(card)
            if fault == "full":  # What was begun does not go on filling it.
                assert names(folder) == {"average.toml", "average-mine.safetensors", *now}
        # And the next one finds its way, and leaves nothing else.
        export(folder, 2.0)
        assert names(folder) == {"average.toml", "average-mine.safetensors", *check(card)}
    else:
        pytest.fail("it never came to its end")
    # That so many calls were tried, and every kind of them: else this shows nothing.
    assert number > 15 and {*disk.calls} == {"open", "write", "fsync", "replace", "unlink"}


def test_weights_are_rounded_to_float16_and_counters_stay(tmp_path):
    from safetensors.torch import load_file

    network = nn.BatchNorm2d(3)
    network.running_mean.fill_(1 / 3)
    card = write_model(
        tmp_path, "best", {"network": network}, lambda files: f'file = "{files["network"].name}"'
    )
    found = load_file(tmp_path / parse_toml(card.read_text(), "card")["file"])
    assert found["running_mean"].tolist() == [torch.tensor(1 / 3).half()] * 3
    assert found["num_batches_tracked"].dtype == torch.int64
