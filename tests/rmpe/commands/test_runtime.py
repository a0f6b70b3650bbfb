"""--device, --provider, --compile, --precision: of every command that runs networks, and never without effect."""

import shutil

import pytest
import torch

from rmpe import PoseEstimator, cli
from rmpe.errors import ModelError
from rmpe.models.build import load_detector, load_pose
from rmpe.networks import onnx_session, onnxruntime, pytorch

# A call of each command that runs networks which it is told to: OWN are in PyTorch, ONNX are not.
COMMANDS = {
    "infer": ["infer", "photos", "--out", "out", "--no-draw", "--detector", "D", "--pose", "P"],
    "evaluate": ["evaluate", "{labels}", "photos", "--detector", "D", "--pose", "P"],
    "label": ["label", "photos", "--out", "out.json", "--detector", "D", "--pose", "P"],
    "fit-nms": ["fit-nms", "{labels}", "photos", "--folds", "1", "--detector", "D", "--pose", "P"],
    "fit-proposals": ["fit-proposals", "{labels}", "photos", "--out", "out.json", "--detector", "D"],
    "models check": ["models", "check", "P", "--image", "photos/1.jpg", "--detector", "D"],
    "models check of a detector": ["models", "check", "D", "--image", "photos/1.jpg"],
    "models bench": ["models", "bench", "P", "D"],
}  # fmt: skip
OWN = {"D": "small_ssd_person", "P": "small_hourglass_coco17"}
ONNX = {"D": "ssd_mobilenet_v1_coco", "P": "simplepose_coco17"}


@pytest.fixture
def run(tmp_path, data_dir, monkeypatch, models_dir):
    """Call a command, in a folder with one photograph, and return its status."""
    mini = data_dir / "coco-mini"
    (tmp_path / "photos").mkdir()
    photo = sorted((mini / "images").glob("*.jpg"))[0]
    for name in (photo.name, "1.jpg"):
        shutil.copy(photo, tmp_path / "photos" / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RMPE_MODELS", str(models_dir))
    labels = str(mini / "person_keypoints.json")

    def call(command, networks, *options):
        words = [networks.get(word, word) for word in COMMANDS[command]]
        return cli.main([word.format(labels=labels) for word in words] + list(options))

    return call


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_without_effect_is_an_error_that_says_why(command, run, capsys):
    assert run(command, OWN, "--provider", "cpu") == 2
    said = capsys.readouterr().err
    assert "the provider cpu would do nothing: it computes ONNX files, and" in said
    assert "in PyTorch; leave it out, or choose a network that is an ONNX file" in said
    assert run(command, ONNX, "--compile") == 2
    said = capsys.readouterr().err
    assert "torch.compile would do nothing: it takes PyTorch networks, and" in said
    assert any(name in said for name in ONNX.values()) and "in ONNX; leave it" in said
    assert run(command, ONNX, "--precision", "bfloat16") == 2
    said = capsys.readouterr().err
    assert "the precision bfloat16 would do nothing: it takes PyTorch networks, and" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_provider_of_no_known_name(command, run, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(command, OWN, "--provider", "npu")
    assert stopped.value.code == 2
    assert "--provider: invalid choice: 'npu' (choose from" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_provider_that_is_not_installed(command, run, capsys, monkeypatch):
    library = onnxruntime.import_onnxruntime()
    monkeypatch.setattr(library, "get_available_providers", lambda: ["CPUExecutionProvider"])
    if command != "models bench":  # which loads the networks in a process of its own
        assert run(command, ONNX, "--provider", "cuda") == 2
        said = capsys.readouterr().err
        assert "cannot use CUDA: it has cpu; replace it by onnxruntime-gpu" in said
    assert run(command, ONNX, "--provider", "openvino") == 2
    assert "pip install onnxruntime-openvino" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["infer", "fit-proposals", "models check"])
def test_the_options_reach_the_networks_that_they_concern(command, run, monkeypatch):
    chosen, settings = [], []
    choose, init = onnx_session.choose_provider, pytorch.TorchNetwork.__init__

    def choose_and_tell(device, name=None):
        chosen.append(name)
        return choose(device, name)

    def init_and_tell(self, module, *, compiled, precision, **rest):
        settings.append((compiled, precision))
        init(self, module, **rest)

    monkeypatch.setattr(onnxruntime, "choose_provider", choose_and_tell)
    monkeypatch.setattr(pytorch.TorchNetwork, "__init__", init_and_tell)
    mixed = {"D": ONNX["D"], "P": OWN["P"]}
    options = ["--provider", "cpu"]
    if command != "fit-proposals":
        options += ["--compile", "--precision", "bfloat16"]
    few = ["--atomic-poses", "1", "--threshold", "0.01"] * (command == "fit-proposals")
    assert run(command, mixed, *options, *few) in (0, 2)  # 2: too few people to fit to
    assert (chosen, settings) == (["cpu"], [(True, "bfloat16")] * (command != "fit-proposals"))


def test_no_network_runs_where_boxes_come_from_a_file(run, capsys):
    assert run("fit-proposals", OWN, "--detections", "boxes.json", "--provider", "cpu") == 2
    assert "none of the networks is loaded from a card here" in capsys.readouterr().err


def test_options_without_effect_in_python(models_dir):
    with pytest.raises(ModelError, match="small_ssd_person and small_hourglass_coco17 are in Py"):
        PoseEstimator(provider="cpu")
    with pytest.raises(ModelError, match="provider must be one of cpu, .*, got 'npu'"):
        PoseEstimator(provider="npu")
    with pytest.raises(ModelError, match="provider cpu would do nothing: .*hourglass_coco17 is in"):
        load_pose(OWN["P"], provider="cpu")
    with pytest.raises(
        ModelError, match="torch.compile would do nothing: .*mobilenet_v1_coco is in ONNX"
    ):
        load_detector(ONNX["D"], models_dir=models_dir, compiled=True)
    with pytest.raises(ValueError, match="precision must be one of float32, .*, got 'half'"):
        PoseEstimator(precision="half")
    with pytest.raises(ModelError, match="none of the networks is loaded from a card"):
        PoseEstimator(load_detector(OWN["D"]), load_pose(OWN["P"]), provider="cpu")
    estimator = PoseEstimator(ONNX["D"], OWN["P"], models_dir=models_dir, provider="cpu")
    assert estimator([torch.zeros(64, 64, 3, dtype=torch.uint8)])[0].keypoints.xy.shape[1:] == (
        17,
        2,
    )
