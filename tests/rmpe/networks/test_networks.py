"""Networks on onnxruntime and torch: batches of any size, and what is refused."""

import copy
import pickle

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from rmpe.errors import ModelError
from rmpe.networks.onnxruntime import OnnxNetwork
from rmpe.networks.pytorch import TorchNetwork


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def write_onnx(path, batch="N", shape=(3, 4, 5), dtype=TensorProto.FLOAT):
    """A network that doubles its input, and also returns its negative."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["image", "image"], ["double"]),
            helper.make_node("Neg", ["image"], ["negative"]),
        ],
        "tiny",
        [value("image", dtype, [batch, *shape])],
        [value(name, dtype, [batch, *shape]) for name in ("double", "negative")],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path


def open_onnx(path, **change):
    options = {
        "input_name": "image",
        "input_shape": (3, 4, 5),
        "output_names": ["negative", "double"],
        "output_shapes": [(3, 4, 5), (3, None, 5)],
    }
    return OnnxNetwork(path, **{**options, **change})


class Doubling(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, x):
        self.calls.append(len(x))
        return -x, x + x


def open_torch(module=None, **change):
    options = {"input_shape": (3, 4, 5), "output_shapes": [(3, 4, 5), (3, None, 5)]}
    return TorchNetwork(module or Doubling(), **{**options, **change})


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64, 65])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.parametrize("runtime", ["onnx", "onnx, N = 1", "torch"])
def test_batches_of_any_size_are_cut_and_joined(tmp_path, two_threads, runtime, batch_size, count):
    if runtime == "torch":
        network = open_torch(batch_size=batch_size)
    else:
        path = write_onnx(tmp_path / "tiny.onnx", batch=1 if "=" in runtime else "N")
        network = open_onnx(path, batch_size=batch_size)
    batch = torch.randn(count, 3, 4, 5)
    negative, double = network(batch)
    assert torch.equal(negative, -batch)
    assert torch.equal(double, batch + batch)


def test_an_empty_batch_calls_no_network():
    module = Doubling()
    network = open_torch(module, batch_size=2)
    module.calls.clear()
    assert [output.shape for output in network(torch.empty(0, 3, 4, 5))] == [(0, 3, 4, 5)] * 2
    assert module.calls == []
    network(torch.zeros(5, 3, 4, 5))
    assert module.calls == [2, 2, 1]


class Cramped(Doubling):
    """A network on a GPU whose memory lets few items through at a time."""

    def __init__(self, most, error=None):
        super().__init__()
        self.most = most
        self.error = error or torch.cuda.OutOfMemoryError("CUDA out of memory")

    def forward(self, x):
        outputs = super().forward(x)
        if len(x) > self.most:
            raise self.error
        return outputs


@pytest.fixture(params=["onnx", "torch"])
def cramped(request, tmp_path, monkeypatch):
    """Opens a network that lets few items through at a time; its module lists the calls."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # As on a GPU, one call after the other.

    def open_cramped(most, batch_size):
        module = Cramped(most)
        if request.param == "torch":
            network = open_torch(module, batch_size=batch_size)
            module.calls.clear()
            return network, module
        network = open_onnx(write_onnx(tmp_path / "tiny.onnx"), batch_size=batch_size)
        module.error = RuntimeError("Failed to allocate memory for requested buffer of size 64")
        run = network._run

        def run_cramped(session, batch, outputs):
            module(batch)
            run(session, batch, outputs)

        monkeypatch.setattr(network, "_run", run_cramped)
        return network, module

    yield open_cramped
    torch.set_num_threads(before)


def test_calls_that_do_not_fit_are_halved_and_stay_so(cramped):
    network, module = cramped(most=3, batch_size=8)
    batch = torch.randn(9, 3, 4, 5)
    assert torch.equal(network(batch)[1], 2 * batch)
    assert module.calls == [8, 4, 2, 2, 2, 2, 1]
    module.calls.clear()
    assert torch.equal(network(batch[:5])[1], 2 * batch[:5])
    assert module.calls == [2, 2, 1]


def test_a_small_batch_leaves_the_size_of_calls_alone(cramped):
    network, module = cramped(most=8, batch_size=8)
    for count in (3, 8):
        network(torch.zeros(count, 3, 4, 5))
    assert module.calls == [3, 8]


def test_a_single_item_that_does_not_fit_is_an_error(cramped):
    network, module = cramped(most=1, batch_size=8)
    module.most = 0
    with pytest.raises(RuntimeError, match="memory"):
        network(torch.zeros(3, 3, 4, 5))
    assert module.calls == [3, 1]


def test_other_errors_of_a_module_are_not_tried_again():
    module = Cramped(most=2, error=RuntimeError("some defect"))
    network = open_torch(module)
    module.calls.clear()
    with pytest.raises(RuntimeError, match="some defect"):
        network(torch.zeros(4, 3, 4, 5))
    assert module.calls == [4]


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
def test_views_are_read_as_what_they_show(tmp_path, runtime):
    network = open_torch() if runtime == "torch" else open_onnx(write_onnx(tmp_path / "t.onnx"))
    batch = torch.randn(9, 5, 4, 6)[::2].permute(0, 3, 2, 1)[:, 1:4]
    assert torch.equal(network(batch)[1], 2 * batch)


def test_results_can_be_changed_in_place_and_modules_are_in_evaluation():
    network = open_torch(nn.Sequential(nn.Dropout(0.9)), output_shapes=[(3, 4, 5)])
    (output,) = network(torch.ones(2, 3, 4, 5))
    output += 1
    assert (output == 2).all()
    assert not output.requires_grad


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        (torch.zeros(2, 3, 5, 4), ValueError, r"batch must be \(N, 3, 4, 5\), got \(2, 3, 5, 4\)"),
        (torch.zeros(3, 4, 5), ValueError, r"batch must be \(N, 3, 4, 5\), got \(3, 4, 5\)"),
        (torch.zeros(2, 3, 4, 5).double(), TypeError, "batch must be float32, got torch.float64"),
        (torch.zeros(2, 3, 4, 5, device="meta"), ValueError, r"network \(cpu\), got meta"),
    ],
)
def test_other_batches_are_refused(tmp_path, runtime, batch, error, message):
    network = open_torch() if runtime == "torch" else open_onnx(write_onnx(tmp_path / "t.onnx"))
    with pytest.raises(error, match=message):
        network(batch)


@pytest.mark.parametrize(
    ("file", "asked", "message"),
    [
        (
            {},
            {"input_name": "data"},
            r"only input is data \(N, 3, 4, 5\) float, .*, got image \(N, 3",
        ),
        ({"shape": (3, 5, 4)}, {}, r"\(N, 3, 4, 5\) float, .*, got image \(N, 3, 5, 4\) float"),
        ({"dtype": TensorProto.DOUBLE}, {}, r"got image \(N, 3, 4, 5\) double"),
        ({"batch": 2}, {}, r"first axis is the batch and must be free or 1, got image \(2, 3"),
        ({}, {"output_names": ["half"]}, r"an output half, got double \(N, 3, 4, 5\) float, neg"),
        ({}, {"output_shapes": [(3, 4, 5), (3, None, 6)]}, r"and \(N, 3, \?, 6\) by .*\(N, 3, 4"),
        ({}, {"output_shapes": [(3, 4, 5), (3, 4)]}, r"outputs must be .* and \(N, 3, 4\)"),
    ],
)
def test_an_onnx_file_that_is_not_as_its_card_says(tmp_path, file, asked, message):
    path = write_onnx(tmp_path / "tiny.onnx", **file)
    with pytest.raises(ModelError, match=f"tiny.onnx: .*{message}"):
        open_onnx(path, **asked)


def test_a_damaged_onnx_file(tmp_path):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(write_onnx(path).read_bytes()[:100])
    with pytest.raises(ModelError, match="onnxruntime cannot load .*tiny.onnx"):
        open_onnx(path)


def test_cuda_without_the_package_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(
        ModelError, match="cannot use CUDA: it has cpu; replace it by onnxruntime-gpu"
    ):
        open_onnx(write_onnx(tmp_path / "tiny.onnx"), device="cuda")


def test_other_devices(tmp_path):
    with pytest.raises(ModelError, match="must be cpu or cuda, got meta"):
        open_onnx(write_onnx(tmp_path / "tiny.onnx"), device="meta")


class Dividing(nn.Module):
    def forward(self, x):
        return x / x.abs().sum()


class Choosy(nn.Module):
    def forward(self, x):
        raise ValueError("x must be (N, 3, 64, 64)")


def test_a_module_is_tried_when_it_is_loaded():
    with pytest.raises(ModelError, match="Dividing: the outputs .* must be numbers, got NaN"):
        open_torch(Dividing(), output_shapes=[(3, 4, 5)])
    with pytest.raises(ModelError, match=r"Choosy does not run on a black image: x must be \(N"):
        open_torch(Choosy(), output_shapes=[(3, 4, 5)])


def test_a_module_with_other_outputs_than_its_card_says():
    with pytest.raises(ModelError, match=r"Doubling: the outputs must be \(N, 3, 4\) by .* got"):
        open_torch(output_shapes=[(3, 4)])


def test_a_module_in_bfloat16_gives_float32_that_differ_in_the_ninth_bit():
    module = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Conv2d(8, 2, 1))
    options = {"input_shape": (3, 4, 5), "output_shapes": [(2, 4, 5)]}
    exact = TorchNetwork(copy.deepcopy(module), **options)
    network = TorchNetwork(module, precision="bfloat16", **options)
    batch = torch.rand(7, 3, 4, 5)
    (output,), (expected,) = network(batch), exact(batch)
    assert output.dtype == torch.float32
    # As many bits as bfloat16 has are enough for each value.
    assert torch.equal(output, output.bfloat16().float())
    assert not torch.equal(output, expected)
    torch.testing.assert_close(output, expected, atol=2**-6, rtol=0)
    (again,) = pickle.loads(pickle.dumps(network))(batch)
    assert torch.equal(again, output)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_module_computes_in_its_precision_where_the_caller_has_autocast(precision):
    module = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Softmax(1), nn.Conv2d(8, 2, 1))
    options = {"input_shape": (3, 4, 5), "output_shapes": [(2, 4, 5)], "precision": precision}
    network, batch = TorchNetwork(copy.deepcopy(module), **options), torch.rand(7, 3, 4, 5)
    (expected,) = network(batch)
    lower = torch.float16 if precision == "bfloat16" else torch.bfloat16
    with torch.autocast("cpu", lower):
        assert module(batch).dtype == lower
        (output,) = network(batch)
        (loaded,) = TorchNetwork(module, **options)(batch)
    assert output.dtype == torch.float32
    assert torch.equal(output, expected) and torch.equal(loaded, expected)


def test_a_compiled_module_gives_the_same_and_can_be_pickled(monkeypatch):
    asked = []

    def compile_module(module, **options):
        asked.append(options)
        return lambda batch: module(batch)  # Which cannot be pickled, like compiled code.

    monkeypatch.setattr(torch, "compile", compile_module)
    module = nn.Conv2d(3, 2, 3, padding=1)
    options = {"input_shape": (3, 4, 5), "output_shapes": [(2, 4, 5)]}
    plain = TorchNetwork(copy.deepcopy(module), **options)
    network = TorchNetwork(module, compiled=True, **options)
    batch = torch.rand(7, 3, 4, 5)
    torch.testing.assert_close(network(batch), plain(batch))
    assert asked == [{"dynamic": True}]
    torch.testing.assert_close(pickle.loads(pickle.dumps(network))(batch), plain(batch))
    assert len(asked) == 2
