"""Images and boxes in every form that callers have, and the errors for other things."""

import os
import warnings

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from rmpe.estimator_inputs import boxes_as_detections, images_as_frames, is_one_image
from rmpe.inputs.images import ImageError

CPU = torch.device("cpu")
IMAGE = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
MASKED = np.ma.array([[1, 2, 3, 4], [5, 6, 7, 8]], mask=[[False] * 4, [True] + [False] * 3])
BOXES = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.float32)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        torch.from_numpy(IMAGE),
        np.asfortranarray(IMAGE),
        np.ascontiguousarray(IMAGE[::-1])[::-1],
        np.ascontiguousarray(IMAGE[:, :, ::-1])[:, :, ::-1],
        np.concatenate([IMAGE, IMAGE], axis=1)[:, :5],
        read_only(IMAGE),
        np.broadcast_to(IMAGE, IMAGE.shape),
    ],
)
def test_images_of_any_strides_also_read_only(image):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (frame,) = images_as_frames(image, "rgb", CPU)
        (mirrored,) = images_as_frames([image], "bgr", CPU)
    assert torch.equal(frame, torch.from_numpy(IMAGE))
    assert torch.equal(mirrored, torch.from_numpy(IMAGE[:, :, ::-1].copy()))


def test_an_array_that_torch_takes_is_not_copied():
    image = IMAGE.copy()
    (frame,) = images_as_frames(image, "rgb", CPU)
    image[0, 0, 0] ^= 255
    assert frame[0, 0, 0] == image[0, 0, 0]


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (3, TypeError, "images must be an image or a sequence of images, got int"),
        (None, TypeError, "images must be an image or a sequence of images, got NoneType"),
        ([3], ValueError, r"images\[0\] must be uint8 \(H, W, 3\), got int64 \(\)"),
        ([IMAGE, [[1], [2, 3]]], ValueError, r"images\[1\] must be an array: "),
        (
            [IMAGE[:, :, 0]],
            ValueError,
            r"images\[0\] must be uint8 \(H, W, 3\), got uint8 \(6, 5\)",
        ),
        ([IMAGE.astype(np.float64)], ValueError, "got float64"),
        ([torch.zeros(2, 2, 3)], ValueError, r"images\[0\] must be uint8 .* got torch.float32"),
        ([IMAGE.astype("M8[s]")], ValueError, r"got datetime64\[s\]"),
        (np.ma.array(IMAGE, mask=IMAGE > 9), TypeError, r"images\[0\] must have no masked values"),
        ([IMAGE[:0]], ValueError, r"images\[0\] must have pixels, got \(0, 5, 3\)"),
        (
            [torch.zeros(2, 2, 3, dtype=torch.uint8, device="meta")],
            TypeError,
            r"images\[0\] must be an ordinary tensor with values, got torch.strided on meta",
        ),
        (
            [IMAGE, torch.zeros(2, 2, 3, dtype=torch.uint8).to_sparse()],
            TypeError,
            r"images\[1\] must be an ordinary tensor with values, got torch.sparse_coo on cpu",
        ),
    ],
)
def test_other_images_are_named(images, error, message):
    with pytest.raises(error, match=message):
        images_as_frames(images, "rgb", CPU)


@pytest.mark.parametrize(
    "boxes",
    [
        BOXES,
        BOXES.astype(">f4"),
        BOXES.astype(">f8"),
        BOXES.astype(np.float16),
        BOXES.astype(np.longdouble),
        BOXES.astype(np.int64),
        np.asfortranarray(BOXES),
        np.ascontiguousarray(BOXES[::-1])[::-1],
        np.ascontiguousarray(BOXES[:, ::-1])[:, ::-1],
        read_only(BOXES),
        BOXES.tolist(),
        np.ma.array(BOXES),
        list(BOXES),
        tuple(map(tuple, BOXES.tolist())),
        torch.from_numpy(BOXES),
        torch.from_numpy(BOXES).double().requires_grad_(),
        list(torch.from_numpy(BOXES)),
        list(torch.from_numpy(BOXES).clone().requires_grad_()),
    ],
)
def test_boxes_in_every_form(boxes):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = boxes_as_detections([boxes, []], 2, CPU)
    assert torch.equal(found.boxes, torch.from_numpy(BOXES))
    assert found.scores.tolist() == [1, 1]
    assert found.image_index.tolist() == [0, 0]
    assert not found.boxes.requires_grad


def test_numbers_beyond_float32_are_infinite():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = boxes_as_detections([[[0, 0, 1e300, 1]]], 1, CPU)
    assert found.boxes.tolist() == [[0, 0, float("inf"), 1]]


@pytest.mark.parametrize(
    ("boxes", "error", "message"),
    [
        (7, ValueError, "boxes must have one array for each of 1 images, got int"),
        ([], ValueError, "boxes must have one array for each of 1 images, got 0"),
        ([[[1, 2, 3]]], ValueError, r"boxes\[0\] must be \(M, 4\) or \(M, 5\), got \(1, 3\)"),
        ([[1, 2, 3, 4]], ValueError, r"boxes\[0\] must be \(M, 4\) or \(M, 5\), got \(4,\)"),
        ([[[1, 2, 3, 4], [5]]], ValueError, r"boxes\[0\] must be an array: "),
        ([[["a", 2, 3, 4]]], TypeError, r"boxes\[0\] must hold real numbers, got <U"),
        ([[[None, 2, 3, 4]]], TypeError, r"boxes\[0\] must hold real numbers, got object"),
        ([[[10**400, 2, 3, 4]]], ValueError, r"boxes\[0\] must hold numbers of float64, got"),
        ([[[2**70, 2j, 3, 4]]], TypeError, r"boxes\[0\] must hold real numbers, got object"),
        ([BOXES.astype(complex)], TypeError, r"boxes\[0\] must hold real numbers, got complex128"),
        ([torch.zeros(1, 4, dtype=torch.complex64)], TypeError, "got torch.complex64"),
        ([[[1, 2, 3, 4], [5, 5, 1, 1]]], ValueError, r"boxes\[0\] must have x1 <= x2 and y1 <= y2"),
        ([torch.tensor([[5.0, 5, 9, 1]])], ValueError, r"y1 <= y2, got \[5.0, 5.0, 9.0, 1.0\]; of"),
        ([MASKED], TypeError, r"boxes\[0\] must have no masked values; leave them out"),
        ([list(MASKED)], TypeError, r"boxes\[0\] must have no masked values; leave them out"),
        ([torch.zeros(1, 4).to_sparse()], TypeError, r"boxes\[0\] must be an ordinary tensor"),
        ([torch.zeros(1, 4, device="meta")], TypeError, r"boxes\[0\] must be an ordinary tensor"),
    ],
)
def test_other_boxes_are_named(boxes, error, message):
    with pytest.raises(error, match=message):
        boxes_as_detections(boxes, 1, CPU)


def test_whole_numbers_of_any_size_are_boxes():
    assert boxes_as_detections([[[10**30] * 4]], 1, CPU).boxes.tolist() == [[np.float32(1e30)] * 4]


def test_paths_may_be_bytes(tmp_path):
    path = tmp_path / "a.png"
    Pillow.fromarray(IMAGE).save(path)
    name = os.fsencode(path)
    for images in (name, [name]):
        (frame,) = images_as_frames(images, "rgb", CPU)
        assert torch.equal(frame, torch.from_numpy(IMAGE))


def test_one_image_is_told_from_many():
    assert all(map(is_one_image, (IMAGE, torch.from_numpy(IMAGE), "a.jpg", b"a.jpg")))
    assert not any(map(is_one_image, (IMAGE[None], [IMAGE], ["a.jpg"], [])))


def test_a_video_is_for_streams(tmp_path):
    (tmp_path / "walk.mp4").write_bytes(b"")
    for image in (tmp_path / "walk.mp4", str(tmp_path / "walk.mp4"), [tmp_path / "walk.mp4"]):
        with pytest.raises(ImageError, match="walk.mp4: is a video: give it to stream$"):
            images_as_frames(image, "rgb", CPU)
