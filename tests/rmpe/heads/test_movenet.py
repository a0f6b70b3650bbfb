"""The MoveNet head, and what it reaches with its network on photographs."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

import rmpe_ext
from rmpe import PoseEstimator
from rmpe.errors import ModelError
from rmpe.heads.movenet import MoveNetHead
from rmpe.inputs.images import read_image
from rmpe.models.store import locate
from rmpe.networks.onnxruntime import OnnxNetwork
from rmpe.skeletons import COCO_17
from rmpe.toml_table import Table

HEAD = MoveNetHead((), size=(192, 256), offset=-0.5)
MATRICES = torch.tensor([[[0.5, 0.0, 3.0], [0.0, 0.5, 7.0]], [[2.0, 0.1, 0.0], [-0.1, 2.0, 1.0]]])


def oracle(output, matrix, head=HEAD):
    """One person by loops: keypoints in the image, and scores."""
    height, width = head.size
    full = np.vstack([matrix.double().numpy(), [0, 0, 1]])
    points = []
    for y, x, _ in output[0].double().tolist():
        crop = [x * width + head.offset, y * height + head.offset, 1]
        points.append(np.linalg.solve(full, crop)[:2])
    return torch.tensor(np.array(points), dtype=torch.float32), output[0, :, 2]


def test_fractions_of_crops_become_pixels_of_images():
    output = torch.rand(2, 1, 17, 3)
    keypoints, scores = HEAD.decode([output], MATRICES)
    for person in range(2):
        want, want_scores = oracle(output[person], MATRICES[person])
        torch.testing.assert_close(keypoints[person], want, atol=1e-3, rtol=0)
        assert torch.equal(scores[person], want_scores)


def test_a_mirrored_crop_is_mirrored_back_and_averaged():
    output = torch.rand(2, 1, 17, 3)
    mirrored = output.clone()
    # Pixel x of the crop is pixel w - 1 - x of the mirrored one: fractions of its edges.
    mirrored[..., 1] = 1 - mirrored[..., 1]
    for left, right in COCO_17.flip_pairs:
        mirrored[:, :, [left, right]] = mirrored[:, :, [right, left]]
    alone = HEAD.decode([output], MATRICES)
    both = HEAD.decode([output], MATRICES, mirrored=[mirrored], flip_pairs=COCO_17.flip_pairs)
    for have, want in zip(both, alone, strict=True):
        torch.testing.assert_close(have, want, atol=1e-3, rtol=0)
    mirrored[:, 0, 0] = torch.tensor([0.5, 0.25, 0.0])
    found, _ = HEAD.decode([output], MATRICES, mirrored=[mirrored], flip_pairs=COCO_17.flip_pairs)
    other = output.clone()
    other[:, 0, 0] = torch.tensor([0.5, 0.75, 0.0])
    want = (HEAD.decode([other], MATRICES)[0] + alone[0])[:, 0] / 2
    torch.testing.assert_close(found[:, 0], want, atol=1e-3, rtol=0)


def test_nobody():
    keypoints, scores = HEAD.decode([torch.empty(0, 1, 17, 3)], torch.empty(0, 2, 3))
    assert (keypoints.shape, scores.shape) == ((0, 17, 2), (0, 17))


def test_a_matrix_without_an_inverse_gives_no_numbers_and_no_error():
    keypoints, _ = HEAD.decode([torch.rand(1, 1, 17, 3)], torch.zeros(1, 2, 3))
    assert not keypoints.isfinite().any()


def test_what_it_reads_and_refuses():
    card = {"output": "points", "offset": 0}
    head = MoveNetHead.read(Table(Path("card.toml"), "", card), named=True, size=(256, 192))
    assert head == MoveNetHead(("points",), (256, 192), 0)
    assert head.output_shapes(17, (256, 192)) == ((1, 17, 3),)
    with pytest.raises(ModelError, match=r"must be \(256, 192\), got \(256, 256\)"):
        head.output_shapes(17, (256, 256))
    with pytest.raises(ValueError, match="convention must be left out for a MoveNet"):
        head.with_convention("dark")


@pytest.mark.parametrize("number", [TensorProto.FLOAT, TensorProto.INT32, TensorProto.UINT8])
def test_an_input_with_channels_last_of_whole_numbers(tmp_path, number):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Cast", ["image"], ["out"], to=TensorProto.FLOAT)],
        "g",
        [value("image", number, [1, 4, 5, 3])],
        [value("out", TensorProto.FLOAT, [1, 4, 5, 3])],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), tmp_path / "n.onnx")
    network = OnnxNetwork(
        tmp_path / "n.onnx",
        input_name="image",
        input_shape=(3, 4, 5),
        channels_last=True,
        output_names=["out"],
        output_shapes=[(4, 5, 3)],
    )
    batch = 300 * torch.rand(2, 3, 4, 5) - 20
    batch[0, 0, 0, :3] = torch.tensor([0.6, 254.5, 7.4])
    (found,) = network(batch)
    want = batch if number == TensorProto.FLOAT else batch.round().clamp(0, 255)
    assert torch.equal(found, want.permute(0, 2, 3, 1))


def test_the_real_network_is_given_whole_pixels_and_read_right(models_dir, data_dir):
    import onnxruntime

    estimator = PoseEstimator(None, "movenet_thunder_coco17", models_dir=models_dir, nms=None)
    card = estimator.pose.card
    image = torch.from_numpy(read_image(min((data_dir / "coco-mini" / "images").glob("*.jpg"))))
    boxes = torch.tensor([[20.0, 10.0, 180.0, 300.0], [100.0, 50.0, 400.0, 220.0]])
    matrices = rmpe_ext.crop_matrices(boxes, card.input.size, padding=card.padding)
    crops = card.input.crop([image], matrices, torch.zeros(2, dtype=torch.int64))
    session = onnxruntime.InferenceSession(locate(card.network, models_dir))
    people = estimator([image], boxes=[boxes])
    for person, crop in enumerate(crops):
        pixels = crop.permute(1, 2, 0)[None].round().to(torch.int32).numpy()
        (output,) = session.run(None, {"input:0": pixels})
        want, scores = oracle(torch.from_numpy(output[0]), matrices[person], card.head)
        torch.testing.assert_close(people.keypoints[person], want, atol=0.05, rtol=0)
        torch.testing.assert_close(people.keypoint_scores[person], scores, atol=1e-3, rtol=0)
