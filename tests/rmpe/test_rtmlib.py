"""Whole networks as rtmlib runs them: the same ONNX files, images and boxes, the same results.

It compares where rtmlib is installed: ``pip install --no-deps rtmlib``.
"""

import dataclasses
import re

import numpy as np
import pytest
import torch
from onnx import helper

from rmpe import PoseEstimator
from rmpe.detectors.preparation import letterbox
from rmpe.models.build import load_detector
from rmpe.models.read import _CARDS, load_card

from .onnx_files import constant, linear

rtmlib = pytest.importorskip("rtmlib", reason="needs rtmlib")

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (320, 400, 3), dtype=np.uint8)
BOXES = np.float32([[20, 10, 160, 300], [200, 80, 330, 260], [5, 150, 300, 290]])


def card_of(folder, name, changes, rows=()):
    """A card of the package for a file in the folder, with lines changed and rows added."""
    text = (_CARDS / f"{name}.toml").read_text()
    text = re.sub(r"^(sha256 = .*|url = (\[[^]]*\]|.*))\n", "", text, flags=re.MULTILINE)
    lines = text.splitlines()
    for index, line in enumerate(lines):
        key = line.partition(" = ")[0]
        if key in changes:
            lines[index] = f"{key} = {changes.pop(key)}"
    assert not changes
    path = folder / f"{name}.toml"
    path.write_text("\n".join([*lines, *rows]))
    return path


def estimate(card, boxes=BOXES, image=IMAGE):
    people = PoseEstimator(None, card, nms=None)(image, boxes=boxes)
    return people.keypoints.numpy(), people.keypoint_scores.numpy()


def assert_same(have, want):
    for ours, theirs, tolerance in zip(have, want, (1e-3, 1e-5), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("name", "size", "joints"),
    [
        ("rtmpose_m_coco17", (192, 256), 17),
        ("rtmpose_x384_halpe26", (288, 384), 26),
        ("rtmpose_l384_wholebody133", (288, 384), 133),
    ],
)
def test_keypoints_of_rtmpose(tmp_path, name, size, joints):
    vectors = {
        f"simcc_{axis}": RNG.uniform(-0.1, 1, (joints, 2 * side)).astype(np.float32)
        for axis, side in zip("xy", size, strict=True)
    }
    vectors["simcc_x"][3] = -1  # a joint without a peak
    path = constant(tmp_path / "net.onnx", vectors, "input", [3, size[1], size[0]])
    model = rtmlib.RTMPose(str(path), model_input_size=size)
    card = card_of(tmp_path, name, {"file": '"net.onnx"'}, ['score = "mean"'])
    assert_same(estimate(card), model(IMAGE, bboxes=BOXES))


def test_pixels_of_rtmpose(tmp_path):
    """Boxes whose crops are cut out of the image pixel by pixel, so that nothing is rounded."""
    weights = {
        f"simcc_{axis}": RNG.standard_normal((3 * 64 * 48, 17, 2 * side)) / 96
        for axis, side in (("x", 48), ("y", 64))
    }
    path = linear(tmp_path / "net.onnx", weights, "input", [3, 64, 48])
    model = rtmlib.RTMPose(str(path), model_input_size=(48, 64))
    changes = {"file": '"net.onnx"', "size": "[64, 48]"}
    card = card_of(tmp_path, "rtmpose_m_coco17", changes, ['score = "mean"'])
    centers = np.float32([[60, 70], [200, 150], [10, 300]])  # the last one reaches over the border
    half = np.float32([48, 64]) / 1.25 / 2
    boxes = np.concatenate([centers - half, centers + half], axis=1)
    (keypoints, scores), want = estimate(card, boxes), model(IMAGE, bboxes=boxes)
    np.testing.assert_allclose(keypoints, want[0], rtol=0, atol=1e-3)
    np.testing.assert_allclose(scores, want[1], rtol=0, atol=1e-3)


def test_keypoints_of_vitpose(tmp_path):
    y, x = np.mgrid[:64, :48]
    peaks = RNG.uniform([12, 12], [36, 52], (17, 2))
    heatmaps = np.exp(-((x - peaks[:, :1, None]) ** 2 + (y - peaks[:, 1:, None]) ** 2) / 8)
    heatmaps = heatmaps.astype(np.float32) * RNG.uniform(0.3, 1, (17, 1, 1)).astype(np.float32)
    path = constant(tmp_path / "net.onnx", {"output_0": heatmaps}, "input_0", [3, 256, 192])
    model = rtmlib.tools.pose_estimation.ViTPose(str(path), model_input_size=(192, 256))
    card = card_of(tmp_path, "vitpose_b_coco17", {"file": '"net.onnx"'})
    assert_same(estimate(card), model(IMAGE, bboxes=BOXES))


# Detectors


def scene(count, size, rng):
    """Boxes in groups of three that overlap, far from each other: x1, y1, x2, y2."""
    cells = [(x, y) for x in range(0, size - 79, 80) for y in range(0, size - 79, 80)]
    boxes = []
    for x, y in rng.permutation(cells)[:count]:
        box = np.array([x, y, x, y]) + [4, 6, *rng.uniform(40, 70, 2)]
        boxes += [box + rng.uniform(-1, 1, 4) for _ in range(3)]
    return np.array(boxes)


def encoded(boxes, size, rng, classes=80):
    """Rows of a YOLOX, each box in a cell of its own."""
    strides = np.concatenate([np.full((size // s) ** 2, s) for s in (8, 16, 32)])
    grids = [np.mgrid[: size // s, : size // s].reshape(2, -1)[::-1] for s in (8, 16, 32)]
    cells = np.concatenate(grids, axis=1).T
    rows = np.zeros((len(strides), 5 + classes), np.float32)
    rows[:, 4:] = rng.uniform(0, 0.3, rows[:, 4:].shape)
    for index, box in zip(rng.permutation(len(rows)), boxes, strict=False):
        center, side, stride = (box[:2] + box[2:]) / 2, box[2:] - box[:2], strides[index]
        rows[index, :4] = [*(center / stride - cells[index]), *np.log(side / stride)]
        rows[index, 4] = rng.uniform(0.8, 1)
        rows[index, 5 + rng.choice([0, 16])] = rng.uniform(0.6, 1)  # a person or a dog
    return rows


@pytest.fixture
def suppressed(monkeypatch):
    """What rtmlib's suppression gives: boxes, scores and classes."""
    seen = []
    for module in ("yolox", "rtmdet"):
        place = getattr(rtmlib.tools.object_detection, module)
        theirs = place.multiclass_nms

        def watch(*arguments, theirs=theirs, **options):
            seen.append(theirs(*arguments, **options)[0])
            return seen[-1], None

        monkeypatch.setattr(place, "multiclass_nms", watch)
    return seen


def detect(card, image, **options):
    found = load_detector(card, **options)([torch.from_numpy(np.ascontiguousarray(image))])
    return found.boxes.numpy(), found.scores.numpy(), found.class_index.numpy()


def within(boxes, scores, shape):
    """The parts of boxes that are inside of an image, best first; rtmlib leaves them as they are."""
    order = np.argsort(-scores, kind="stable")
    boxes, scores = np.clip(boxes, 0, np.tile(shape[::-1], 2))[order], scores[order]
    inside = (boxes[:, 2:] > boxes[:, :2]).all(1)
    return boxes[inside], scores[inside]


@pytest.mark.parametrize("shape", [(320, 320), (333, 500), (640, 427), (100, 160)])
@pytest.mark.parametrize("network", ["YOLOX", "RTMDet"])
def test_boxes_of_networks_without_suppression(tmp_path, suppressed, shape, network):
    rng = np.random.default_rng(shape)
    boxes = scene(5, 320, rng)
    path = constant(
        tmp_path / "net.onnx", {"output": encoded(boxes, 320, rng)}, "images", [3, 320, 320]
    )
    model = getattr(rtmlib, network)(
        str(path), model_input_size=(320, 320), det_mode="multiclass", score_thr=0.3
    )
    image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    model(image)
    changes = {"file": '"net.onnx"', "size": "[320, 320]"}
    have = detect(
        card_of(tmp_path, "yolox_s_coco", changes), image[..., ::-1], classes=["person", "dog"]
    )
    dets = suppressed[-1]
    assert len(dets) >= 4
    for index, number in enumerate((0, 16)):
        theirs = dets[dets[:, 5] == number]
        want = within(theirs[:, :4], theirs[:, 4], shape)
        mine = have[2] == index
        assert mine.sum() == len(want[0]) > 0
        assert_same((have[0][mine], have[1][mine]), want)


@pytest.mark.parametrize("shape", [(320, 320), (333, 500), (100, 160)])
@pytest.mark.parametrize(("name", "network"), [("yolox_tiny_humanart", "YOLOX"),
                                               ("rtmdet_nano_person", "RTMDet")])  # fmt: skip
def test_boxes_of_networks_that_suppress(tmp_path, shape, name, network):
    rng = np.random.default_rng(shape)
    boxes = scene(6, 320, rng)[::3]
    scores = np.sort(rng.uniform(0.1, 1, len(boxes)))[::-1]
    values = {
        "dets": np.concatenate([boxes, scores[:, None]], axis=1).astype(np.float32),
        "labels": np.zeros(len(boxes), np.int64),
    }
    sides = [3, "height", "width"]
    path = constant(tmp_path / "net.onnx", values, "input", sides, free=(0,))
    model = getattr(rtmlib, network)(str(path), model_input_size=(320, 320))
    image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    theirs = model(image)
    changes = {"file": '"net.onnx"', "size": "[320, 320]"}
    have = detect(card_of(tmp_path, name, changes), image[..., ::-1])
    assert len(theirs) == (scores > 0.3).sum()
    want = within(theirs, scores[scores > 0.3], shape)
    assert len(have[0]) == len(want[0]) > 0
    assert_same(have[:2], want)


def test_pixels_of_yolox(tmp_path, suppressed):
    """An image of the network's own size, so that nothing is rounded; no suppression."""
    rng = np.random.default_rng(1)
    rows = 16 + 4 + 1
    weights = {"raw": rng.standard_normal((3 * 32 * 32, rows, 7)) / 4000}
    tail = [helper.make_node("Sigmoid", ["raw"], ["output"])]
    outputs = {"output": ("float32", ["N", rows, 7])}
    path = linear(tmp_path / "net.onnx", weights, "images", [3, 32, 32], tail=tail, outputs=outputs)
    model = rtmlib.YOLOX(
        str(path), model_input_size=(32, 32), det_mode="multiclass", score_thr=0.2, nms_thr=1.0
    )
    image = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    model(image)
    dets = suppressed[-1]
    theirs = dets[dets[:, 5] == 0]
    changes = {"file": '"net.onnx"', "size": "[32, 32]", "threshold": "0.2", "nms_iou": "1.0",
               "classes": '"coco_80"'}  # fmt: skip
    card = card_of(tmp_path, "yolox_s_coco", changes)
    card.write_text(card.read_text().replace('classes = "coco_80"', "person = 0"))
    have = detect(card, image[..., ::-1])
    want = within(theirs[:, :4], theirs[:, 4], (32, 32))
    assert len(have[0]) == len(want[0]) > 5
    np.testing.assert_allclose(have[0], want[0], rtol=0, atol=1e-3)
    np.testing.assert_allclose(have[1], want[1], rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(64, 64), (40, 30), (31, 63), (200, 97), (65, 64), (9, 500)])
@pytest.mark.parametrize(("name", "network"), [("yolox_s_coco", "YOLOX"),
                                               ("rtmdet_m_person", "RTMDet")])  # fmt: skip
def test_images_are_scaled_and_padded_alike(shape, name, network):
    """To a gray level: OpenCV rounds weights and pixels."""
    card = load_card(name)
    spec = dataclasses.replace(card.input, size=(64, 64))
    image = np.random.default_rng(shape).integers(0, 256, (*shape, 3), dtype=np.uint8)
    model = object.__new__(getattr(rtmlib, network))
    model.model_input_size = (64, 64)
    model.mean, model.std = np.float64(spec.mean), np.float64(spec.std)
    want, ratio = model.preprocess(image)
    have, (ours,) = letterbox(
        spec, [torch.from_numpy(np.ascontiguousarray(image[..., ::-1]))], card.detector.fill
    )
    assert ours.tolist() == pytest.approx([ratio, ratio])
    gray_level = 1 / min(spec.std)
    np.testing.assert_allclose(have[0].permute(1, 2, 0), want, rtol=0, atol=1.01 * gray_level)
