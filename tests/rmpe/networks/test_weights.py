"""Weights from files: published forms load, other files are refused."""

import numpy as np
import pytest
import torch

from rmpe.errors import ModelError
from rmpe.networks.architectures.hourglass import StackedHourglass
from rmpe.networks.weights import load_weights, read_weights


def small():
    torch.manual_seed(0)
    return StackedHourglass(5, stacks=2, features=16)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_published_forms_of_a_checkpoint_load(tmp_path, prefix, wrapped):
    module = small()
    weights = {prefix + name: value for name, value in module.state_dict().items()}
    checkpoint = weights
    if wrapped:
        best = np.float64(88.1)
        checkpoint = {"epoch": 3, "arch": "hg", "state_dict": weights, "best_acc": best,
                      "optimizer": {"state": {}, "param_groups": [{"lr": 1e-4}]}}  # fmt: skip
    torch.save(checkpoint, tmp_path / "net.pth")
    with torch.device("meta"):
        loaded = StackedHourglass(5, stacks=2, features=16)
    load_weights(loaded, tmp_path / "net.pth")
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(loaded.eval()(image), module.eval()(image))


def test_checkpoints_from_before_batch_norms_counted_load(tmp_path):
    weights = {k: v for k, v in small().state_dict().items() if "num_batches" not in k}
    torch.save(weights, tmp_path / "net.pth")
    with torch.device("meta"):
        loaded = StackedHourglass(5, stacks=2, features=16)
    load_weights(loaded, tmp_path / "net.pth")
    assert not any(value.is_meta for value in loaded.state_dict().values())


def test_safetensors_load(tmp_path):
    from safetensors.torch import save_file

    save_file({"module.weight": torch.ones(2)}, tmp_path / "net.safetensors")
    assert read_weights(tmp_path / "net.safetensors")["weight"].tolist() == [1, 1]


class Harmful:
    """What runs code when it is unpickled."""

    def __reduce__(self):
        return (print, ("it ran",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Harmful(), "cannot read weights from .*net.pth"),
        ({"weight": 3}, "net.pth must hold a state dict: names and their tensors"),
        ([torch.zeros(1)], "net.pth must hold a state dict"),
        ({"weight": torch.zeros(1)}, "net.pth does not fit StackedHourglass: .*conv1.weight"),
    ],
)
def test_other_files_are_refused(tmp_path, capsys, content, message):
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(ModelError, match=message) as caught:
        load_weights(small(), tmp_path / "net.pth")
    assert "it ran" not in capsys.readouterr().out
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
def test_a_damaged_file_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"not weights")
    with pytest.raises(ModelError, match=f"cannot read weights from .*{name}"):
        read_weights(tmp_path / name)
