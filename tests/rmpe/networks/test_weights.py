"""Weights from files: published forms load, other files are refused."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rmpe.errors import ModelError
from rmpe.networks.architectures.hourglass import StackedHourglass
from rmpe.networks.weights import load_weights, read_weights

from ...fuzz import fuzz
from ..mutation import damaged


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
        (Harmful(), "net.pth is refused: it holds print beside tensors and numbers"),
        (
            {"w": torch.zeros(1), "a": Harmful()},
            "print .* as safetensors, on a machine wh",
        ),
        (nn.Linear(2, 2), "net.pth is refused: it holds torch.nn.modules.linear.Linear beside"),
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
    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_refused_pickle_is_refused_in_our_words(tmp_path, capsys, legacy):
    path = tmp_path / "net.pth"
    torch.save([Harmful()], path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ModelError) as caught:
        read_weights(path)
    assert str(caught.value) == (
        f"{path} is refused: it holds print beside tensors and numbers, and to load that "
        "could run any code; save the network's state dict alone, by "
        "torch.save(network.state_dict(), ...) or as safetensors, on a machine where you trust the "
        "file"
    )
    assert capsys.readouterr() == ("", "")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_bare_pickle_that_would_run_code_is_refused(tmp_path, capsys, protocol):
    path = tmp_path / "net.pth"
    path.write_bytes(pickle.dumps({"a": Harmful()}, protocol=protocol))
    with pytest.raises(ModelError, match=r"net.pth is refused: it holds (builtins.)?print beside"):
        read_weights(path)
    assert capsys.readouterr() == ("", "")


@pytest.mark.filterwarnings("error")
def test_a_bare_pickle_that_calls_nothing_is_no_weights(tmp_path):
    (tmp_path / "net.pth").write_bytes(pickle.dumps({"a": 1}, protocol=5)[:-4])
    with pytest.raises(ModelError, match="it is damaged, or nothing that torch.save or safetens"):
        read_weights(tmp_path / "net.pth")


def test_a_suffix_in_capitals_is_the_same(tmp_path):
    safetensors.torch.save_file({"weight": torch.ones(2)}, tmp_path / "NET.SAFETENSORS")
    assert read_weights(tmp_path / "NET.SAFETENSORS")["weight"].tolist() == [1, 1]


def test_a_torchscript_program_is_refused(tmp_path):
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "net.pt")
    with pytest.raises(ModelError, match="it is a TorchScript program: save its state dict"):
        read_weights(tmp_path / "net.pt")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_weights_of_other_precision_load(tmp_path, dtype):
    weights = {
        name: value.to(dtype) if value.is_floating_point() else value
        for name, value in small().state_dict().items()
    }
    torch.save(weights, tmp_path / "net.pth")
    load_weights(small(), tmp_path / "net.pth")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.long(), "conv1.weight must be a dense tensor of float32, .*, got torch.int64"),
        (lambda v: v.bool(), "got torch.bool"),
        (lambda v: v.to(torch.complex64), "got torch.complex64"),
        (lambda v: v.to(torch.float8_e4m3fn), "got torch.float8_e4m3fn"),
        (lambda v: v.to_sparse(), "got torch.float32 torch.sparse_coo"),
        (lambda v: v.to("meta"), "got torch.float32 torch.strided on meta"),
        (lambda v: v * float("nan"), "conv1.weight must be finite, got NaN or infinity"),
        (lambda v: v + float("inf"), "conv1.weight must be finite, got NaN or infinity"),
        (lambda v: v[..., :1], "does not fit StackedHourglass: 1 of another shape .conv1.weight"),
        (lambda v: v[0, 0, 0, 0].expand(10**6, 10**6, 10**3), "1 of another shape .conv1.weight"),
    ],
)
@pytest.mark.filterwarnings("ignore:Validating sparse tensor")
def test_a_weight_that_is_no_ordinary_tensor_of_numbers(tmp_path, change, message):
    weights = small().state_dict()
    weights["conv1.weight"] = change(weights["conv1.weight"])
    torch.save(weights, tmp_path / "net.pth")
    with pytest.raises(ModelError, match=message):
        load_weights(small(), tmp_path / "net.pth")


class Crafted:
    """A numpy number whose type has a state that numpy crashes on."""

    def __reduce__(self):
        return (np.dtype, ("f8", False, True), (3, "<", None, {"f": 0}, (), -1, -1, 2**31 - 1))


@pytest.mark.parametrize("legacy", [False, True])
def test_what_a_file_says_of_numpy_types_never_reaches_numpy(tmp_path, legacy):
    content = {"state_dict": nn.Linear(2, 2).state_dict(), "best": Crafted(), "loss": np.float32(2)}
    torch.save(content, tmp_path / "net.pth", _use_new_zipfile_serialization=not legacy)
    load_weights(nn.Linear(2, 2), tmp_path / "net.pth")


def test_a_few_bytes_that_would_take_any_amount_of_memory_are_refused(tmp_path):
    torch.save({"a": torch.zeros(2)}, tmp_path / "good.pth")
    pickled = b"\x80\x02c__builtin__\nbytearray\nJ\x00\x00\x00\x60\x85R."  # 1.5 GB
    with zipfile.ZipFile(tmp_path / "good.pth") as good:
        with zipfile.ZipFile(tmp_path / "bad.pth", "w") as bad:
            for name in good.namelist():
                bad.writestr(name, pickled if name.endswith("data.pkl") else good.read(name))
    with pytest.raises(ModelError, match="bad.pth must hold tensors and numbers alone"):
        read_weights(tmp_path / "bad.pth")


def test_a_compressed_archive_is_refused(tmp_path):
    torch.save({"weight": torch.zeros(1_000_000)}, tmp_path / "net.pth")
    with (
        zipfile.ZipFile(tmp_path / "net.pth") as archive,
        zipfile.ZipFile(tmp_path / "small.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for member in archive.infolist():
            packed.writestr(member.filename, archive.read(member))
    with pytest.raises(ModelError, match="small.pth must not be compressed"):
        read_weights(tmp_path / "small.pth")


def saved(legacy=False):
    stream = io.BytesIO()
    content = {"state_dict": nn.Linear(2, 2).state_dict(), "best": np.float64(1)}
    torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


@fuzz(200)
@given(
    st.sampled_from(["net.pth", "net.safetensors"]),
    damaged(saved())
    | damaged(saved(legacy=True))
    | damaged(safetensors.torch.save(nn.Linear(2, 2).state_dict())),
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_give_weights_or_a_model_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    try:
        load_weights(nn.Linear(2, 2), tmp_path / name)
    except ModelError:
        pass


@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
def test_a_damaged_file_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"not weights")
    with pytest.raises(ModelError, match=f"cannot read weights from .*{name}") as caught:
        read_weights(tmp_path / name)
    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
def test_what_is_no_file_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(ModelError, match=f"cannot read weights from .*{name}: .*it is not a file"):
        read_weights(tmp_path / name)
    (tmp_path / "zero.pth").symlink_to("/dev/zero")
    with pytest.raises(ModelError, match="it is not a file"):
        read_weights(tmp_path / "zero.pth")
