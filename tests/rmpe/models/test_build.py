"""From a card and its files to a detector or a pose estimator."""

import hashlib
import re

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from rmpe.errors import ModelError
from rmpe.inputs.images import read_image
from rmpe.models.build import load_detector, load_pose
from rmpe.models.pose import PoseNetwork
from rmpe.models.read import _CARDS, load_card
from rmpe.networks.architectures.hourglass import StackedHourglass
from rmpe.networks.pytorch import TorchNetwork
from rmpe.networks.telemetry import import_onnxruntime

from ..networks.architectures.test_ssd import with_random_weights


def test_a_torchvision_card_is_loaded_with_its_weights(tmp_path):
    module = with_random_weights(load_card("ssdlite320_mobilenet_v3_large"))
    torch.save(module.state_dict(), tmp_path / "net.pth")
    digest = hashlib.sha256((tmp_path / "net.pth").read_bytes()).hexdigest()
    text = (_CARDS / "ssdlite320_mobilenet_v3_large.toml").read_text()
    text = text.replace('"ssdlite320_mobilenet_v3_large_coco-a79551df.pth"', '"net.pth"')
    text = re.sub(r"(?m)^sha256 = .*$", f'sha256 = "{digest[:8]}"', text, count=1)
    (tmp_path / "mine.toml").write_text(text)
    detector = load_detector(tmp_path / "mine.toml")
    batch = torch.randn(1, 3, 320, 320)
    with torch.no_grad():
        for found, wanted in zip(detector.network(batch), module(batch), strict=True):
            # Batch norms have gone into the convolutions, which rounds otherwise.
            tolerance = 1e-4 * float(wanted.abs().max())
            torch.testing.assert_close(found, wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"other": np.zeros((1917, 4))}, "cannot read the anchors anchors_ycxchw from .*a.npz"),
        ({"anchors_ycxchw": np.zeros(4)}, r"anchors_ycxchw must be \(A, 4\) .* got \(4,\) float64"),
        ({"anchors_ycxchw": np.array([None])}, "cannot read the anchors"),
        ({"anchors_ycxchw": np.zeros((7, 4), np.float32)}, r"outputs must be \(N, 7, 4\)"),
    ],
)
def test_wrong_anchors(models_dir, tmp_path, values, message):
    np.savez(tmp_path / "a.npz", **values)
    card = load_card("ssd_mobilenet_v1_coco")
    digest = hashlib.sha256((tmp_path / "a.npz").read_bytes()).hexdigest()
    text = (_CARDS / "ssd_mobilenet_v1_coco.toml").read_text()
    text = text.replace(card.detector.anchors.file.name, "a.npz").replace(
        card.detector.anchors.file.sha256, digest
    )
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ModelError, match=message):
        load_detector(tmp_path / "mine.toml", models_dir=models_dir)


CARD = """
kind = "pose"
title = "Two small hourglasses"
license = "none"
origin = "a test"
runtime = "pytorch"
architecture = "stacked_hourglass"
head = "heatmap"
skeleton = "mpii_16"
batch_size = 2

[network]
file = "net.pth"
sha256 = "{sha256}"

[stacked_hourglass]
stacks = 2
blocks = 1
features = 16

[input]
size = [64, 128]
channels = "rgb"
scale = 0.00392156862745098
mean = [0.4404, 0.4440, 0.4327]
std = [1, 1, 1]

[crop]
convention = "hrnet"
padding = 0.25

[heatmap]
convention = "hrnet"
stride = 4
offset = 0.5
"""


def test_a_card_brings_weights_to_heatmaps(tmp_path):
    module = StackedHourglass(16, stacks=2, features=16).eval()
    torch.save(module.state_dict(), tmp_path / "net.pth")
    sha256 = hashlib.sha256((tmp_path / "net.pth").read_bytes()).hexdigest()
    (tmp_path / "tiny.toml").write_text(CARD.format(sha256=sha256))
    pose = load_pose(tmp_path / "tiny.toml")
    crops = torch.randn(5, 3, 64, 128)
    with torch.no_grad():
        torch.testing.assert_close(pose.network(crops)[0], module(crops)[:, -1])
    assert pose.network(crops[:0])[0].shape == (0, 16, 16, 32)


def test_detectors_and_pose_networks_are_not_mixed_up():
    with pytest.raises(ModelError, match="simplepose_coco17 is a pose network; a detector is"):
        load_detector("simplepose_coco17")
    with pytest.raises(ModelError, match="ssd_mobilenet_v1_coco is a detector; a pose network is"):
        load_pose("ssd_mobilenet_v1_coco")


@pytest.mark.parametrize("name", ["simplepose_coco17", "hourglass_aic14"])
def test_real_pose_networks_give_what_onnxruntime_gives(name, models_dir, data_dir):
    import onnxruntime

    pose = load_pose(name, models_dir=models_dir)
    card = pose.card
    h, w = card.input.size
    paths = sorted((data_dir / "coco-mini" / "images").glob("*.jpg"))[:5]
    photos = np.stack([cv2.resize(read_image(path), (w, h)) for path in paths]).astype(np.float32)
    if card.input.channels == "bgr":
        photos = photos[..., ::-1]
    batch = (photos * card.input.scale - card.input.mean) / card.input.std
    batch = np.ascontiguousarray(batch.transpose(0, 3, 1, 2), dtype=np.float32)
    # That of the hourglass is a conversion of the frozen graph that is loaded.
    session = onnxruntime.InferenceSession(models_dir / f"{name}.onnx")
    (want,) = session.run(None, {session.get_inputs()[0].name: batch})
    for count in (0, 1, 5):
        (found,) = pose.network(torch.from_numpy(batch[:count]))
        assert found.shape == (count, len(card.skeleton), h // 4, w // 4)
        np.testing.assert_allclose(found, want[:count], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["simplepose_coco17", "movenet_thunder_coco17"])
def test_openvino_gives_what_onnxruntime_gives(name, models_dir):
    if "OpenVINOExecutionProvider" not in import_onnxruntime().get_available_providers():
        pytest.skip("needs onnxruntime-openvino in place of onnxruntime")
    found, want = (
        load_pose(name, models_dir=models_dir, provider=provider)
        for provider in ("openvino", "cpu")
    )
    spec = want.card.input
    crops = torch.randint(256, (3, 3, *spec.size), generator=torch.Generator().manual_seed(0))
    crops = crops * spec.scale
    torch.testing.assert_close(found.network(crops)[0], want.network(crops)[0], atol=1e-4, rtol=0)


def test_heatmaps_must_be_those_of_the_skeleton():
    network = TorchNetwork(nn.Identity(), input_shape=(16, 8, 8), output_shapes=[(16, 8, 8)])
    message = r"simplepose_coco17: the outputs must be \(N, 17, 64, 48\) by .* got \(N, 16, 8, 8\)"
    with pytest.raises(ModelError, match=message):
        PoseNetwork(load_card("simplepose_coco17"), network)


@pytest.mark.parametrize("device", ["\x1b[31m", "", "cuda:99", "meta", 10**400, None, 1.5, []])
def test_devices_that_are_not_there_are_refused_by_name(models_dir, device):
    with pytest.raises(ModelError, match="^device must be one that") as caught:
        load_pose("simplepose_coco17", device=device, models_dir=models_dir)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400
