"""The SimCC head, alone and with a card, an ONNX file and photographs around it."""

import hashlib

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from rmpe import PoseEstimator
from rmpe.errors import ModelError
from rmpe.heads.simcc import SimCCHead
from rmpe.models.read import load_card
from rmpe.skeletons import COCO_17

HEIGHT, WIDTH = 64, 48
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
CARD = """
kind = "pose"
title = "A random SimCC network, 64x48"
license = "none"
origin = "a test"
runtime = "onnx"
head = "simcc"
skeleton = "coco_17"
batch_size = 4

[network]
file = "simcc.onnx"
sha256 = "{sha256}"

[input]
name = "input"
size = [64, 48]
channels = "{channels}"
scale = 1
mean = [123.675, 116.28, 103.53]
std = [58.395, 57.12, 57.375]

[crop]
convention = "mmpose"
padding = 0.25

[simcc]
x_output = "simcc_x"
y_output = "simcc_y"
split_ratio = 2
"""


def make_card(folder, channels="rgb"):
    """A network of one random matrix for each vector, and its card; the matrices come back."""
    rng = np.random.default_rng(0)
    weights = [
        rng.standard_normal((3 * HEIGHT * WIDTH, 17 * bins)).astype(np.float32) / 96
        for bins in (2 * WIDTH, 2 * HEIGHT)
    ]
    nodes = [helper.make_node("Flatten", ["input"], ["pixels"])]
    values, constants = [], []
    for axis, weight in zip("xy", weights, strict=True):
        shape = np.array([-1, 17, weight.shape[1] // 17])
        constants += [numpy_helper.from_array(weight, f"w{axis}"),
                      numpy_helper.from_array(shape, f"s{axis}")]  # fmt: skip
        nodes += [
            helper.make_node("MatMul", ["pixels", f"w{axis}"], [f"flat{axis}"]),
            helper.make_node("Reshape", [f"flat{axis}", f"s{axis}"], [f"simcc_{axis}"]),
        ]
        values.append(
            helper.make_tensor_value_info(
                f"simcc_{axis}", TensorProto.FLOAT, ["N", *shape[1:].tolist()]
            )
        )
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, HEIGHT, WIDTH])]
    # The outputs lie in the file in the other order than in the card.
    graph = helper.make_graph(nodes, "simcc", inputs, values[::-1], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "simcc.onnx")
    sha256 = hashlib.sha256((folder / "simcc.onnx").read_bytes()).hexdigest()
    (folder / "mine.toml").write_text(CARD.format(sha256=sha256, channels=channels))
    return folder / "mine.toml", weights


def oracle(image, box, weights, channels, flip):
    """One person by loops: OpenCV cuts, numpy multiplies, the largest bins are the keypoint."""
    x1, y1, x2, y2 = box
    center = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    size = np.array([x2 - x1, y2 - y1])
    size = 1.25 * np.array(
        [max(size[0], size[1] * WIDTH / HEIGHT), max(size[1], size[0] * HEIGHT / WIDTH)]
    )
    scale = WIDTH / size[0]
    corner = np.array([WIDTH, HEIGHT]) / 2 - scale * center
    matrix = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
    crop = cv2.warpAffine(image.astype(np.float32), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    crop = (crop[:, :, ::-1] if channels == "bgr" else crop) - MEAN
    crop = (crop / STD).transpose(2, 0, 1)
    x_maps, y_maps = (np.reshape(crop.ravel() @ weight, (17, -1)) for weight in weights)
    if flip:
        other = [np.reshape(crop[:, :, ::-1].ravel() @ weight, (17, -1)) for weight in weights]
        order = np.arange(17)
        for left, right in COCO_17.flip_pairs:
            order[[left, right]] = right, left
        x_maps = (x_maps + other[0][order, ::-1]) / 2
        y_maps = (y_maps + other[1][order]) / 2
    bins = np.stack([x_maps.argmax(1), y_maps.argmax(1)], 1)
    scores = np.minimum(x_maps.max(1), y_maps.max(1))
    return (bins / 2 - corner) / scale, scores


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_a_card_brings_photographs_to_keypoints(tmp_path, data_dir, channels, flip):
    card, weights = make_card(tmp_path, channels)
    paths = sorted((data_dir / "coco-mini" / "images").glob("*.jpg"))[:3]
    images = [cv2.imread(str(path))[:, :, ::-1] for path in paths]
    boxes = [[[40, 30, 200, 300], [100, 60, 180, 110]], [], [[0, 0, 320, 240]]]
    people = PoseEstimator(None, card, nms=None, flip=flip)(images, boxes=boxes)
    wanted = [
        oracle(image, box, weights, channels, flip)
        for image, rows in zip(images, boxes, strict=True)
        for box in rows
    ]
    keypoints, scores = (np.array(part) for part in zip(*wanted, strict=True))
    # cv2.warpAffine rounds its weights to 1/32 of a pixel, so a close second bin may win.
    error = np.abs(people.keypoints.numpy() - keypoints).max(-1)
    assert (error < 0.01).mean() > 0.9
    np.testing.assert_allclose(people.keypoint_scores.numpy(), scores, atol=0.02)
    assert people.image_index.tolist() == [0, 0, 2]


def test_shapes_follow_from_the_input_and_the_split_ratio():
    assert SimCCHead((), 2.0).output_shapes(17, (256, 192)) == ((17, 384), (17, 512))
    assert SimCCHead((), 1.5).output_shapes(5, (64, 48)) == ((5, 72), (5, 96))
    with pytest.raises(ModelError, match="whole numbers of bins: with an input of 63x48, 1.5"):
        SimCCHead((), 1.5).output_shapes(5, (63, 48))


def test_an_onnx_file_with_other_bins_than_the_card_says(tmp_path):
    card, _ = make_card(tmp_path)
    card.write_text(card.read_text().replace("split_ratio = 2", "split_ratio = 3"))
    with pytest.raises(ModelError, match=r"must be \(N, 17, 144\) and \(N, 17, 192\) by .* 96\)"):
        PoseEstimator(None, card)


def test_conventions_are_for_heatmaps(tmp_path):
    card, _ = make_card(tmp_path)
    with pytest.raises(ValueError, match="convention must be left out for a SimCC network"):
        PoseEstimator(None, card, convention="dark")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("split_ratio = 2", "", "simcc.split_ratio is missing"),
        ("split_ratio = 2", "split_ratio = 0", "simcc.split_ratio must be a number, 1 to 64"),
        ("split_ratio = 2", "split_ratio = 2\nstride = 4", "simcc.stride is not a key"),
        ('y_output = "simcc_y"\n', "", "simcc.y_output is missing"),
        ("[simcc]", "[heatmap]", "simcc is missing; it must be a table"),
        (
            'head = "simcc"',
            'head = "simc"',
            "head must be one of heatmap, movenet, points, simcc, got 'simc'",
        ),
    ],
)
def test_wrong_keys_and_values_of_the_table_are_named(tmp_path, old, new, message):
    text = CARD.format(sha256="0" * 64, channels="rgb")
    assert text.count(old) == 1
    (tmp_path / "mine.toml").write_text(text.replace(old, new))
    with pytest.raises(ModelError, match=f"mine.toml: {message}"):
        load_card(tmp_path / "mine.toml")
