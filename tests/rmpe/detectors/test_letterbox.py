"""Detectors that scale and pad their images, by kind: what is found, and which cards are refused."""

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from rmpe.errors import ModelError
from rmpe.models.build import load_detector
from rmpe.models.read import load_card

from ..onnx_files import constant, write

CARD = """
kind = "detector"
detector = "{kind}"
title = "A constant detector, 64x32"
license = "none"
origin = "a test"
runtime = "onnx"
batch_size = 4

[network]
file = "net.onnx"

[input]
name = "image"
size = [64, 32]
channels = "bgr"
scale = 1
mean = [0, 0, 0]
std = [1, 1, 1]

[letterbox]
fill = 114

[output]
{output}

[boxes]
threshold = 0.5
{boxes}
"""
OUTPUT = {
    "decoded": 'boxes = "boxes"\nscores = "scores"\nclasses = "coco_80"',
    "end_to_end": 'boxes = "dets"\nlabels = "labels"\nclasses = "coco_80"',
    "yolox": 'predictions = "output"\nclasses = "coco_80"',
}
BOXES = {
    "decoded": "nms_iou = 0.5",
    "end_to_end": "",
    "yolox": "strides = [16, 32]\nnms_iou = 0.5",
}
# In pixels of the input: two persons at one place, a dog at the same, a person elsewhere, and one
# that scores too low.
FOUND = np.float32([[0, 0, 16, 16], [0, 0, 15, 16], [0, 0, 16, 15], [8, 20, 24, 30], [1, 1, 9, 9]])
SCORES = np.float32([0.7, 0.9, 0.8, 0.6, 0.4])
LABELS = np.int64([0, 0, 16, 0, 0])


def outputs_of(kind):
    """The same boxes as each kind of network gives them."""
    if kind == "end_to_end":  # It has removed the first one itself.
        rows = np.concatenate([FOUND, SCORES[:, None]], axis=1)[1:]
        return {"dets": rows, "labels": LABELS[1:]}
    cells = 10  # of the grids 4x2 and 2x1
    if kind == "decoded":
        boxes, scores = np.zeros((cells, 4), np.float32), np.zeros((cells, 80), np.float32)
        boxes[: len(FOUND)] = FOUND
        scores[np.arange(len(FOUND)), LABELS] = SCORES
        return {"boxes": boxes, "scores": scores}
    output = np.zeros((cells, 85), np.float32)
    for index, (box, score, label) in enumerate(zip(FOUND, SCORES, LABELS, strict=True)):
        column, row = index % 2, index // 2
        output[index, :2] = (box[:2] + box[2:]) / 2 / 16 - [column, row]
        output[index, 2:4] = np.log((box[2:] - box[:2]) / 16)
        output[index, 4], output[index, 5 + label] = 0.5, score * 2
    return {"output": output}


def make_card(folder, kind, values=None, free=(), **rows):
    constant(folder / "net.onnx", values or outputs_of(kind), "image", [3, 64, 32], free=free)
    text = CARD.format(kind=kind, output=OUTPUT[kind], boxes=BOXES[kind])
    for old, new in rows.items():
        assert text.count(f"{old} = ") == 1
        text = "\n".join(
            f"{old} = {new}" if line.startswith(f"{old} = ") else line for line in text.splitlines()
        )
    (folder / "mine.toml").write_text(text)
    return folder / "mine.toml"


KINDS = pytest.mark.parametrize("kind", ["decoded", "end_to_end", "yolox"])


@KINDS
def test_the_people_of_several_images(tmp_path, kind):
    detector = load_detector(make_card(tmp_path, kind, free=(0,) if kind == "end_to_end" else ()))
    # Twice and four times as large as the input is: both fit exactly.
    images = [torch.zeros(2 * 64, 2 * 32, 3, dtype=torch.uint8),
              torch.zeros(100, 4 * 32, 3, dtype=torch.uint8)]  # fmt: skip
    found = detector(images)
    assert found.image_index.tolist() == [0, 0, 1, 1]
    want = [[0, 0, 30, 32], [16, 40, 48, 60], [0, 0, 60, 64], [32, 80, 96, 100]]
    np.testing.assert_allclose(found.boxes, want, atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.9, 0.6] * 2, atol=1e-6)
    assert [len(detector(images[:1], threshold=t)) for t in (0.3, 0.8, 1)] == [3, 1, 0]


@KINDS
def test_other_classes(tmp_path, kind):
    detector = load_detector(make_card(tmp_path, kind), classes=["dog", "person"])
    found = detector([torch.zeros(64, 32, 3, dtype=torch.uint8)])
    np.testing.assert_allclose(found.scores, [0.9, 0.8, 0.6], atol=1e-6)
    assert found.class_index.tolist() == [1, 0, 1]
    assert load_detector(make_card(tmp_path, kind), classes=["cat"])(
        [torch.zeros(64, 32, 3, dtype=torch.uint8)]
    ).boxes.shape == (0, 4)
    with pytest.raises(ModelError, match="model mine: classes must be one or more of person, bic"):
        load_detector(make_card(tmp_path, kind), classes=["unicorn"])


@KINDS
def test_no_image(tmp_path, kind):
    found = load_detector(make_card(tmp_path, kind))([])
    assert (found.boxes.shape, found.scores.shape) == ((0, 4), (0,))


@KINDS
def test_arguments_are_checked(tmp_path, kind):
    detector = load_detector(make_card(tmp_path, kind))
    with pytest.raises(ValueError, match=r"threshold must be in 0..1, got 1.5"):
        detector([torch.zeros(8, 8, 3, dtype=torch.uint8)], threshold=1.5)
    with pytest.raises(TypeError, match="uint8"):
        detector([torch.zeros(8, 8, 3)])


@KINDS
def test_boxes_reach_no_further_than_the_image_and_are_finite(tmp_path, kind):
    detector = load_detector(make_card(tmp_path, kind))
    # Scaled by 1, it fills the upper half; the person below 20 is outside of it.
    found = detector([torch.zeros(10, 32, 3, dtype=torch.uint8)])
    np.testing.assert_allclose(found.boxes, [[0, 0, 15, 10]], atol=1e-4)
    values = outputs_of(kind)
    first = next(iter(values.values()))
    first[0, 2] = np.nan if kind == "decoded" else np.inf
    if kind != "decoded":
        first[1, 2] = np.nan
    with pytest.raises(ModelError, match="must be numbers, got NaN"):
        load_detector(make_card(tmp_path, kind, values))


def test_an_encoding_that_overflows_is_dropped(tmp_path):
    values = outputs_of("yolox")
    values["output"][1, 2] = 1e4
    found = load_detector(make_card(tmp_path, "yolox", values))(
        [torch.zeros(64, 32, 3, dtype=torch.uint8)]
    )
    np.testing.assert_allclose(found.scores, [0.7, 0.6], atol=1e-6)


def test_a_network_that_found_nothing(tmp_path):
    values = {"dets": np.zeros((0, 5), np.float32), "labels": np.zeros(0, np.int64)}
    detector = load_detector(make_card(tmp_path, "end_to_end", values, free=(0,)))
    assert len(detector([torch.zeros(64, 32, 3, dtype=torch.uint8)], threshold=0)) == 0


def test_a_network_that_finds_too_much(tmp_path):
    values = {"dets": np.zeros((1001, 5), np.float32), "labels": np.zeros(1001, np.int64)}
    with pytest.raises(ModelError, match=r"may have at most 1000 rows, got dets \(N, 1001, 5\)"):
        load_detector(make_card(tmp_path, "end_to_end", values))


def test_a_network_that_finds_as_much_as_there_is(tmp_path):
    """A box of a pixel, with the score 1, for each value of the input that is not 0."""
    make = helper.make_node
    nodes = [
        make("NonZero", ["image"], ["places"]),
        make("Transpose", ["places"], ["found"]),
        make("Cast", ["found"], ["numbers"], to=TensorProto.FLOAT),
        make("MatMul", ["numbers", "matrix"], ["corners"]),
        make("Add", ["corners", "size"], ["rows"]),
        make("Unsqueeze", ["rows", "zero"], ["dets"]),
    ]
    matrix = np.zeros((4, 5), np.float32)  # item, channel, y, x -> x, y, x, y, score
    matrix[3, [0, 2]] = matrix[2, [1, 3]] = 1
    constants = {"matrix": matrix, "size": np.float32([0, 0, 1, 1, 1]), "zero": np.int64([0])}
    card = make_card(tmp_path, "end_to_end")
    write(
        tmp_path / "net.onnx",
        nodes,
        {"image": ("float32", [1, 3, 64, 32])},
        {"dets": ("float32", [1, "found", 5])},
        constants,
    )
    text = card.read_text().replace('labels = "labels"\n', "")
    card.write_text(text.replace('classes = "coco_80"', "person = 0"))
    detector = load_detector(card)
    images = [torch.zeros(64, 32, 3, dtype=torch.uint8) for _ in range(3)]
    images[1][5, 7, 0] = images[2][9, 2, 0] = images[2][8, 1, 0] = 255
    found = detector(images)
    assert found.boxes.tolist() == [[7, 5, 8, 6], [1, 8, 2, 9], [2, 9, 3, 10]]
    assert found.image_index.tolist() == [1, 2, 2]
    with pytest.raises(ModelError, match=r"at most 1000 rows, \(1, 1000, 5\), got \(1, 6144, 5\)"):
        detector([torch.ones(64, 32, 3, dtype=torch.uint8)])


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("yolox", {"output": np.zeros((11, 85), np.float32)}, r"must be \(N, 10, \?\) by the mod"),
        ("yolox", {"output": np.zeros((10, 84), np.float32)}, "each of the 80 classes .* got 79"),
        (
            "decoded",
            {"boxes": np.zeros((10, 4), np.float32), "scores": np.zeros((9, 80), np.float32)},
            r"scores must be \(N, 10, at least 80\), as there are 10 boxes, got \(N, 9, 80\)",
        ),
        (
            "end_to_end",
            {"dets": np.zeros((10, 4), np.float32), "labels": np.zeros(10, np.int64)},
            r"must be \(N, 1000, 5\) and \(N, 1000\) by the model card, got \(N, 1000, 4\)",
        ),
    ],
)
def test_networks_that_do_not_fit_their_cards(tmp_path, kind, values, message):
    with pytest.raises(ModelError, match=message):
        load_detector(make_card(tmp_path, kind, values))


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("yolox", "strides", "[]", "boxes.strides must be 1 to 8 whole numbers, 1 to 1024, got"),
        ("yolox", "strides", "[8, 0.5]", "boxes.strides must be"),
        ("yolox", "fill", "256", "letterbox.fill must be an 8-bit value, 0 to 255, got 256"),
        ("decoded", "nms_iou", "2", "boxes.nms_iou must be a number in 0..1, got 2"),
        ("end_to_end", "threshold", "-1", "boxes.threshold must be a number in 0..1, got -1"),
        ("end_to_end", "labels", '""', "output.labels must be a line of text"),
        ("yolox", "runtime", '"pytorch"', "architecture is missing"),
    ],
)
def test_wrong_values_are_named(tmp_path, kind, old, new, message):
    with pytest.raises(ModelError, match=f"mine.toml: {message}"):
        load_card(make_card(tmp_path, kind, **{old: new}))


def test_without_labels_there_are_people_alone(tmp_path):
    card = make_card(tmp_path, "end_to_end", {"dets": outputs_of("end_to_end")["dets"]})
    card.write_text(card.read_text().replace('labels = "labels"\n', ""))
    with pytest.raises(ModelError, match="output.labels is missing; .* which is person = 0"):
        load_card(card)
    card.write_text(card.read_text().replace('classes = "coco_80"', "person = 0"))
    found = load_detector(card)([torch.zeros(64, 32, 3, dtype=torch.uint8)])
    np.testing.assert_allclose(found.scores, [0.9, 0.8, 0.6], atol=1e-6)
