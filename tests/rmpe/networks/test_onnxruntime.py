"""ONNX files that are not what they say, and networks that go to other processes."""

import ast
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from onnx import TensorProto, helper, numpy_helper

import rmpe
from rmpe.errors import ModelError
from rmpe.networks import onnxruntime
from rmpe.networks.onnxruntime import OnnxNetwork

from ...fuzz import fuzz
from ..mutation import damaged

FLOAT = TensorProto.FLOAT
SHAPE = ["N", 3, 4, 5]


def write(path, nodes, output=None, constants=(), **options):
    """A network from `image` to `out`, which the file says is `output`."""
    output = output or helper.make_tensor_value_info("out", FLOAT, SHAPE)
    tensors = [numpy_helper.from_array(np.array(value), name) for name, value in constants]
    inputs = [helper.make_tensor_value_info("image", FLOAT, SHAPE)]
    graph = helper.make_graph(nodes, "g", inputs, [output], tensors)
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8, **options)
    path.write_bytes(model.SerializeToString())
    return path


def load(path, shape=(3, 4, 5)):
    return OnnxNetwork(
        path,
        input_name="image",
        input_shape=(3, 4, 5),
        output_names=["out"],
        output_shapes=[shape],
    )


def node(kind, *inputs, out="out", **attributes):
    return helper.make_node(kind, list(inputs), [out], **attributes)


def described(kind, shape=SHAPE):
    return helper.make_tensor_value_info("out", kind, shape)


DOUBLE = [node("Add", "image", "image")]


@pytest.mark.parametrize(
    "kind", [TensorProto.INT64, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.STRING,
             TensorProto.BOOL]
)  # fmt: skip
def test_outputs_of_another_type_are_refused_when_loaded(tmp_path, kind):
    path = write(tmp_path / "n.onnx", [node("Cast", "image", to=kind)], described(kind))
    with pytest.raises(ModelError, match="n.onnx: outputs must be float tensors .* got out .N, 3"):
        load(path)


@pytest.mark.parametrize("name", [b"image", b"out"])
def test_names_that_are_no_text(tmp_path, name):
    path = write(tmp_path / "n.onnx", DOUBLE)
    path.write_bytes(path.read_bytes().replace(name, b"\xff" + name[1:]))
    with pytest.raises(ModelError, match="n.onnx: the names in it must be UTF-8: "):
        load(path)


def test_an_output_that_is_no_tensor(tmp_path):
    sequence = helper.make_tensor_sequence_value_info("out", FLOAT, None)
    path = write(tmp_path / "n.onnx", [node("SequenceConstruct", "image")], sequence)
    with pytest.raises(ModelError, match=r"got out seq\(tensor\(float\)\)"):
        load(path)


def test_an_output_whose_sizes_are_not_known(tmp_path):
    nodes = [
        node("NonZero", "image", out="places"),
        node("Cast", "places", out="numbers", to=FLOAT),
        node("Unsqueeze", "numbers", "first"),
    ]
    output = described(FLOAT, [1, 4, "number"])
    path = write(tmp_path / "n.onnx", nodes, output, constants=[("first", np.array([0]))])
    with pytest.raises(ModelError, match="all axes but the first must have known sizes, got out"):
        load(path, shape=(4, None))


@pytest.mark.parametrize(
    ("nodes", "constants", "message"),
    [
        ([node("Mul", "image", "nan")], [("nan", np.float32("nan"))], "must be numbers, got NaN"),
        ([node("Reshape", "image", "shape")], [("shape", [-1, 3, 4, 5])], None),
        (
            # The file says (N, 3, 4, 5); what comes depends on the pixels.
            [
                node("ReduceMin", "image", out="least", keepdims=0),
                node("Cast", "least", out="zero", to=TensorProto.INT64),
                node("Add", "zero", "shape", out="sizes"),
                node("Expand", "one", "sizes"),
            ],
            [("shape", np.array([1, 3, 8, 10])), ("one", np.ones((1, 1, 1, 1), np.float32))],
            "does not run on a black image",
        ),
        (
            [
                node("ConstantOfShape", "shape", out="huge"),
                node("ReduceSum", "huge", out="sum", keepdims=0),
                node("Add", "image", "sum"),
            ],
            [("shape", np.array([10**6, 10**6, 10**3]))],
            "does not run on a black image",
        ),
    ],
)
def test_a_network_is_tried_when_it_is_loaded(tmp_path, nodes, constants, message):
    path = write(tmp_path / "n.onnx", nodes, constants=constants)
    if message is None:
        load(path)
    else:
        with pytest.raises(ModelError, match=f"n.onnx.*{message}"):
            load(path)


def test_a_network_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(onnxruntime, "_LONGEST_TRIAL", 0.5)
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [node("Identity", "go", out="go_on"), node("Identity", "x", out="y")],
        "body",
        [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []),
         value("x", FLOAT, SHAPE)],
        [value("go_on", TensorProto.BOOL, []), value("y", FLOAT, SHAPE)],
    )  # fmt: skip
    loop = node("Loop", "count", "true", "image", body=body)
    path = write(tmp_path / "n.onnx", [loop], constants=[("count", 2**62), ("true", True)])
    started = time.monotonic()
    with pytest.raises(ModelError, match="does not run on a black image"):
        load(path)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("place", ["weights.bin", "../weights.bin", "/etc/passwd"])
def test_weights_in_another_file_are_refused(tmp_path, place):
    path = write(tmp_path / "n.onnx", [node("Mul", "image", "w")],
                 constants=[("w", np.ones((3, 4, 5), np.float32))])  # fmt: skip
    model = onnx.load(path)
    (weights,) = model.graph.initializer
    (tmp_path / "weights.bin").write_bytes(weights.raw_data)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = "location", place
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="n.onnx keeps weights in another file, which the SHA-256"):
        load(path)


def test_nothing_is_printed_of_a_file_that_does_not_load(tmp_path, capfd):
    path = write(tmp_path / "n.onnx", [node("Add", "image", "image\x1b[31m")])
    with pytest.raises(ModelError):
        load(path)
    path.write_bytes(path.read_bytes().replace(b"Add", b"\xceAd"))
    with pytest.raises(ModelError):
        load(path)
    assert capfd.readouterr() == ("", "")


def test_cuda_without_its_libraries_is_no_silent_cpu(tmp_path, monkeypatch):
    library = onnxruntime.import_onnxruntime()
    monkeypatch.setattr(
        library, "get_available_providers", lambda: ["CUDAExecutionProvider"], raising=True
    )

    class Fallen(library.InferenceSession):
        """What onnxruntime-gpu gives where CUDA's libraries are not found."""

        def __init__(self, content, options, providers, **rest):
            super().__init__(content, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(library, "InferenceSession", Fallen)
    path = write(tmp_path / "n.onnx", DOUBLE)
    with pytest.raises(ModelError, match="cannot run .*n.onnx on CUDA: libraries that it needs"):
        OnnxNetwork(path, input_name="image", input_shape=(3, 4, 5), output_names=["out"],
                    output_shapes=[(3, 4, 5)], device="cuda")  # fmt: skip


def run_by(path, provider, device="cpu"):
    return OnnxNetwork(path, input_name="image", input_shape=(3, 4, 5), output_names=["out"],
                       output_shapes=[(3, 4, 5)], device=device, provider=provider)  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "device", "message"),
    [
        ("npu", "cpu", "provider must be one of cpu, cuda, tensorrt, openvino, got 'npu'"),
        ("cpu", "cuda", "device must be cpu for the provider cpu, got cuda; choose the device cpu"),
        *(
            (
                name,
                device,
                f"cannot use {title}: it has AzureExecutionProvider and cpu; replace it "
                rf"by {package} \(pip uninstall onnxruntime; pip install {package}\), or choose .* cpu",
            )
            for name, title, package in (
                ("cuda", "CUDA", "onnxruntime-gpu"),
                ("tensorrt", "TensorRT", "onnxruntime-gpu"),
                ("openvino", "OpenVINO", "onnxruntime-openvino"),
            )
            for device in ("cpu", "cuda")
        ),
    ],
)
def test_a_provider_that_is_not_there_is_no_silent_cpu(
    tmp_path, monkeypatch, provider, device, message
):
    library = onnxruntime.import_onnxruntime()
    installed = ["AzureExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(library, "get_available_providers", lambda: installed)
    path = write(tmp_path / "n.onnx", DOUBLE)
    with pytest.raises(ModelError, match=message):
        run_by(path, provider, device)


def test_a_provider_that_falls_back_is_no_silent_cpu(tmp_path, monkeypatch):
    library = onnxruntime.import_onnxruntime()
    theirs, asked = library.InferenceSession, []

    def fall_back(content, options, providers, **rest):
        asked.extend(providers)
        return theirs(content, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(library, "get_available_providers", lambda: ["OpenVINOExecutionProvider"])
    monkeypatch.setattr(library, "InferenceSession", fall_back)
    path = write(tmp_path / "n.onnx", DOUBLE)
    with pytest.raises(
        ModelError, match="cannot run .*n.onnx on OpenVINO: libraries that it needs"
    ):
        run_by(path, "openvino")
    assert asked == [("OpenVINOExecutionProvider", {})]


def test_the_provider_of_the_cpu_by_its_name(tmp_path):
    network = run_by(write(tmp_path / "n.onnx", DOUBLE), "cpu")
    assert network(torch.ones(2, 3, 4, 5))[0].unique().tolist() == [2]


TINY = helper.make_model(
    helper.make_graph(
        [node("Add", "image", "w")],
        "g",
        [helper.make_tensor_value_info("image", FLOAT, SHAPE)],
        [helper.make_tensor_value_info("out", FLOAT, SHAPE)],
        [numpy_helper.from_array(np.ones((1, 3, 4, 5), np.float32), "w")],
    ),
    opset_imports=[helper.make_opsetid("", 17)],
    ir_version=8,
).SerializeToString()


@fuzz(150)
@given(damaged(TINY))
def test_damaged_files_give_a_network_or_a_model_error(tmp_path, content):
    (tmp_path / "n.onnx").write_bytes(content)
    try:
        load(tmp_path / "n.onnx")
    except ModelError:
        pass


# Other processes

FORK = """
import os, sys, torch
from tests.rmpe.networks.test_onnxruntime import load

torch.set_num_threads(2)
network = load(sys.argv[1])
batch = torch.rand(7, 3, 4, 5)
wanted, = network(batch)
large = torch.rand(1000, 3000)
turned = large.flip(1)  # on torch's own threads
child = os.fork()
if child == 0:
    # It ends as programs do, and so frees what it has inherited.
    used = sys.argv[2] == "used"
    right = not used or torch.equal(network(batch)[0], wanted) and torch.equal(large.flip(1), turned)
    sys.exit(0 if right else 3)
_, status = os.waitpid(child, 0)
assert torch.equal(network(batch)[0], wanted)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize("use", ["used", "left alone"])
def test_a_forked_process_can_use_a_network_or_leave_it(tmp_path, use):
    path = write(tmp_path / "n.onnx", DOUBLE)
    command = [sys.executable, "-c", FORK, str(path), use]
    # Where it hangs, the child goes with its parent.
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            assert process.wait(timeout=90) == 0
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def double(network, batch):
    return network(batch)[0].tolist()


def test_a_spawned_process_gets_a_network(tmp_path):
    network = load(write(tmp_path / "n.onnx", DOUBLE))
    batch = torch.rand(3, 3, 4, 5)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(double, (network, batch)) == network(batch)[0].tolist()


def test_a_file_that_has_changed_is_not_taken_for_the_one_that_was_loaded(tmp_path):
    path = write(tmp_path / "n.onnx", DOUBLE)
    copied = pickle.dumps(load(path))
    assert pickle.loads(copied)(torch.ones(1, 3, 4, 5))[0].unique().tolist() == [2]
    write(path, [node("Neg", "image")])
    with pytest.raises(ModelError, match="n.onnx has changed since the network was loaded"):
        pickle.loads(copied)(torch.ones(1, 3, 4, 5))


def test_a_network_on_cuda_says_that_it_cannot_be_used_after_a_fork(tmp_path, monkeypatch):
    network = load(write(tmp_path / "n.onnx", DOUBLE))
    network.device = torch.device("cuda")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(RuntimeError, match="CUDA cannot be used after a fork: make the network in"):
        network._sessions_here()


# Telemetry

USE = """
import sys, torch
from tests.rmpe.networks.test_onnxruntime import load

load(sys.argv[1])(torch.ones(1, 3, 4, 5))
"""


def test_nothing_is_written_to_the_home_folder_and_nobody_is_called(tmp_path):
    path = write(tmp_path / "n.onnx", DOUBLE)
    home, log = tmp_path / "home", tmp_path / "strace.txt"
    home.mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    }
    watch = (
        ["strace", "-f", "-e", "trace=network", "-o", str(log)] if shutil.which("strace") else []
    )
    subprocess.run(
        [*watch, sys.executable, "-c", USE, str(path)],
        env={**environment, "HOME": str(home)},
        check=True,
        timeout=300,
    )
    assert [str(file) for file in home.rglob("*") if file.is_file()] == []
    if watch:
        assert "AF_INET" not in log.read_text()


def test_one_module_alone_imports_the_library():
    package = Path(rmpe.__file__).parent
    importing = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        for line in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(line, ast.Import)
        and any(n.name.split(".")[0] == "onnxruntime" for n in line.names)
        or isinstance(line, ast.ImportFrom)
        and line.level == 0
        and line.module.split(".")[0] == "onnxruntime"
    ]
    assert importing == ["networks/telemetry.py"]
