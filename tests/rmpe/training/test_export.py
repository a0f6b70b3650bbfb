"""Models whose export dies, or whose disk fails, at every single call that changes a file."""

import hashlib

import pytest
import torch
from torch import nn

from rmpe.toml_file import parse_toml
from rmpe.training.export import write_model

from ..disk import Disk, Killed

NETWORKS = ("network", "transformer")


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
