"""Heatmaps: what the outputs of a pose network are made into."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from rmpe.errors import ModelError
from rmpe.heads.heatmap import HeatmapPose
from rmpe.inputs.images import read_image
from rmpe.models.build import load_pose
from rmpe.models.read import load_card
from rmpe.models.store import locate
from rmpe.networks import TorchNetwork

ONNX_POSES = ("simplepose_coco17", "hourglass_aic14")


@pytest.mark.parametrize("name", ONNX_POSES)
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
    session = onnxruntime.InferenceSession(locate(card.network, models_dir))
    (want,) = session.run([card.heatmaps_output], {card.input.name: batch})
    if card.blur is not None:
        want = np.array([[cv2.GaussianBlur(m, (5, 5), 0) for m in maps] for maps in want])
    for count in (0, 1, 5):
        found = pose(torch.from_numpy(batch[:count]))
        assert found.shape == (count, len(card.skeleton), h // 4, w // 4)
        np.testing.assert_allclose(found, want[:count], atol=1e-4)


def test_the_blur_is_that_of_opencv_up_to_the_border():
    card = load_card("hourglass_aic14")
    maps = torch.rand(2, 14, 48, 47)
    network = TorchNetwork(nn.Identity(), input_shape=(14, 48, 47), output_shapes=[(14, 48, 47)])
    found = HeatmapPose(card, network)(maps)
    want = [[cv2.GaussianBlur(m, (5, 5), 0) for m in person] for person in maps.numpy()]
    np.testing.assert_allclose(found, np.array(want), atol=1e-6)


def test_heatmaps_must_be_those_of_the_skeleton():
    network = TorchNetwork(nn.Identity(), input_shape=(16, 8, 8), output_shapes=[(16, 8, 8)])
    with pytest.raises(ModelError, match=r"\(N, 17, H, W\) for .* coco_17, got \(N, 16, 8, 8\)"):
        HeatmapPose(load_card("simplepose_coco17"), network)


def test_a_blur_wider_than_the_heatmaps():
    network = TorchNetwork(nn.Identity(), input_shape=(14, 8, 2), output_shapes=[(14, 8, 2)])
    with pytest.raises(ModelError, match="blur of 5 weights is too wide for heatmaps of 8x2"):
        HeatmapPose(load_card("hourglass_aic14"), network)
